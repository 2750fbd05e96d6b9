'use strict';

const { KIND } = require('./numbers');

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
    this._events = [];
    this._scheduled = false;
    this._throttled = false;
    this._next = this._next.bind(this);
  }

  /** Takes an event; emits it at once if nothing waits and it need not. */
  push(kind, data, number) {
    this._events.push(kind, data, number);
    if (!this._scheduled) this._run();

    if (this._events.length > MOST_WAITING * 3 && !this._throttled) {
      this._throttled = true;
      this._connection.setThrottled(true);
    }
  }

  /** Emits what needs no macrotask of its own, up to the first that does. */
  _run() {
    while (this._events.length !== 0) {
      const kind = this._events[0];

      if (kind === TEXT || kind === BINARY || kind === PING || kind === PONG) {
        this._scheduled = true;
        setImmediate(this._next);
        return;
      }

      this._emit();
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
    const [kind, data, number] = this._events.splice(0, 3);
    this._connection.deliver(kind, data, number);
  }
}

module.exports = DeferredEvents;
