'use strict';

const { KIND } = require('./numbers');
const Queue = require('./queue');

const { TEXT, BINARY, PING, PONG } = KIND;

/** Reading stops when this many events wait. */
const MOST_WAITING = 64;

/**
 * Events of one connection that are emitted one per macrotask, so that microtasks run in between
 * (`allowSynchronousEvents: false`).
 */
class DeferredEvents {
  /**
   * @param {Connection} connection The connection
   */
  constructor(connection) {
    this._connection = connection;
    this._events = new Queue();
    this._scheduled = false;
    this._throttled = false;
    this._next = this._next.bind(this);
  }

  /** Takes an event; emits it at once if nothing waits and it need not. */
  push(kind, data, number) {
    this._events.push({ kind, data, number });
    if (!this._scheduled) this._run();

    if (this._events.length > MOST_WAITING && !this._throttled) {
      this._throttled = true;
      this._connection.setThrottled(true);
    }
  }

  /** Emits what needs no macrotask of its own, up to the first that does. */
  _run() {
    while (!this._events.isEmpty) {
      const { kind } = this._events.first;

      if (kind === TEXT || kind === BINARY || kind === PING || kind === PONG) {
        this._scheduled = true;
        setImmediate(this._next);
        return;
      }

      let isDone = false;

      try {
        this._emit();
        isDone = true;
      } finally {
        // A listener that throws loses nothing.
        if (!isDone) {
          this._scheduled = true;
          setImmediate(() => {
            this._scheduled = false;
            this._run();
          });
        }
      }
    }

    if (this._throttled) {
      this._throttled = false;
      this._connection.setThrottled(false);
    }
  }

  _next() {
    this._scheduled = false;
    try {
      this._connection.runInAsyncScope(this._emit, this);
    } finally {
      // A listener that throws loses nothing.
      this._run();
    }
  }

  _emit() {
    const { kind, data, number } = this._events.shift();
    this._connection.deliver(kind, data, number);
  }
}

module.exports = DeferredEvents;
