'use strict';

const { AsyncResource } = require('async_hooks');
const { performance } = require('perf_hooks');
const { clearImmediate, setImmediate } = require('timers');

const binding = require('./binding');
const Inbox = require('./inbox');
const { HEADER, KIND, OPERATION } = require('./numbers');
const { Outbox } = require('./outbox');
const Outputs = require('./outputs');

const {
  INBOX_COUNT,
  INBOX_CURSOR,
  INBOX_USED,
  IN_TURN,
  OUTBOX_COUNT,
  OUTPUTS
} = HEADER;
const { CLOSED, WRITTEN } = KIND;

// Fake timers replace these later; a flush must happen all the same.
const { nextTick } = process;
const now = performance.now.bind(performance);

/** Has a function called when the loop has read what there is; fake timers may never do that. */
const afterReading = hasImmediates() ? setImmediate : nextTick;

const RECORD_FIELDS = 4;
const HEADER_FIELDS = 16;
const INBOX_RECORDS = 1024;
const INBOX_BYTES = 512 * 1024;

/** The outbox is flushed inside a batch when its records have waited this long, in ms. */
const FLUSH_INTERVAL = 1;

/** While streams are read, flushing takes at most one part in this many of the time. */
const FLUSH_SHARE = 4;

/** Between two readings of the clock there are at most this many records. */
const RECORDS_PER_CLOCK = 16;

/**
 * The JavaScript half of what the environment shares with Rust. Rust fills the inbox and calls
 * `_dispatch()`; connections fill the outbox, and Rust is told to flush it.
 */
class Endpoint {
  constructor() {
    this._header = new Int32Array(HEADER_FIELDS);
    this._records = new Int32Array(INBOX_RECORDS * RECORD_FIELDS);
    const arena = Buffer.from(new ArrayBuffer(INBOX_BYTES));
    this.inbox = new Inbox(arena);
    this.outbox = new Outbox(this._header, () => this._schedule());
    /** Large payloads of the current batch. Storing them runs no code of anybody's. */
    this.larges = Object.setPrototypeOf([], null);
    /** slot → Connection */
    this._connections = [];
    this._tickScheduled = false;
    /** Streams are being read in this loop iteration, which ends with a flush. */
    this._reading = false;
    this._readingSince = 0;
    this._readingInterval = FLUSH_INTERVAL;
    this._isPushing = false;
    this.outputs = new Outputs(this._header, this._connections);
    this._lastFlush = 0;
    this._untilClock = 1;
    this._clockInterval = 1;
    this._complete = () => {
      this._tickScheduled = false;
      this.native.complete();
    };

    this._completeReading = () => {
      this._reading = false;
      this.native.complete();
    };

    this.native = new binding.Endpoint(
      () => this._dispatch(),
      {},
      this.larges,
      this._header,
      this._records,
      arena,
      this.outbox.records,
      this.outbox.arena
    );
    this.outbox.native = this.outputs.native = this.native;

    this._root = null;
    this.native.runWithoutContext(() => {
      this._root = new AsyncResource('FERROWS');
    });
    this._makeConnection = (Class, argument) => new Class(this, argument);

    beforeExit(() => {
      this.outbox.isExiting = true;
      this.native.flush();
      this.outputs.write();
    });
  }

  /**
   * Makes a connection whose events see nothing of the async context that is current now.
   *
   * @param {Function} Class The class of the connection
   * @param {*} argument The argument of its constructor
   * @return {Connection} The connection
   */
  makeConnection(Class, argument) {
    return this._root.runInAsyncScope(
      this._makeConnection,
      null,
      Class,
      argument
    );
  }

  /**
   * Has the native side take a socket over for `connection`.
   *
   * @param {Connection} connection The connection
   * @param {Number} fd The descriptor, to be closed by the caller afterwards
   * @param {Object} options Limits
   * @param {Buffer} head What was received already
   */
  adopt(connection, fd, options, head) {
    const [slot, generation] = this.native.adopt(
      fd,
      Boolean(connection.owner._isServer),
      // An option of another type is taken as ws takes it: undefined, for one, is no limit.
      Number(options.maxPayload) || 0,
      options.maxFragments | 0,
      options.maxBufferedChunks | 0,
      Boolean(options.skipUTF8Validation),
      head
    );
    connection.slot = slot;
    connection.generation = generation;
    this._connections[slot] = connection;
    this._schedule();
  }

  /**
   * Takes in a connection whose bytes a stream moves.
   *
   * @param {StreamConnection} connection The connection
   * @param {Object} options Limits
   */
  addStream(connection, options) {
    const [slot, generation] = this.native.addStream(
      Boolean(connection.owner._isServer),
      Number(options.maxPayload) || 0,
      options.maxFragments | 0,
      options.maxBufferedChunks | 0,
      Boolean(options.skipUTF8Validation)
    );
    this._connections[slot] = connection;
    connection.slot = slot;
    connection.generation = generation;
  }

  /**
   * Takes bytes that a stream has read.
   *
   * @param {StreamConnection} connection The stream's connection
   * @param {Buffer} bytes The bytes
   */
  push(connection, bytes) {
    this._beginReading();
    this._isPushing = true;

    try {
      this.native.push(connection.slot, connection.generation, bytes);
    } finally {
      this._isPushing = false;
    }

    const header = this._header;

    if (
      header[IN_TURN] === 0 &&
      (header[OUTBOX_COUNT] !== 0 || header[OUTPUTS] !== 0)
    ) {
      const time = now();

      if (time - this._readingSince >= this._readingInterval) {
        this.native.complete();
        this._readingSince = now();
        // Writing to many streams takes longer than they may wait: most of the time is for reading.
        this._readingInterval = Math.max(
          FLUSH_INTERVAL,
          FLUSH_SHARE * (this._readingSince - time)
        );
      }
    }
  }

  /** A stream has ended. */
  endStream(connection) {
    this._beginReading();
    this.native.endStream(connection.slot, connection.generation);
  }

  /** A stream is closed. */
  closeStream(connection) {
    this._beginReading();
    this.native.closeStream(connection.slot, connection.generation);
  }

  /**
   * What many streams cause in one loop iteration is written together, at the end of the phase in
   * which they are read.
   */
  _beginReading() {
    if (!this._reading) {
      this._reading = true;
      this._readingSince = now();
      afterReading(this._completeReading);
    }
  }

  /**
   * Forgets a connection whose last record was seen.
   *
   * @param {Connection} connection The connection
   */
  release(connection) {
    this._connections[connection.slot] = undefined;
    this.outbox.appendBytes(connection, OPERATION.RELEASE, null);
  }

  /** Calls what the records of the inbox ask for. Called by the native side. */
  _dispatch() {
    const header = this._header;
    const records = this._records;
    const connections = this._connections;
    const count = header[INBOX_COUNT];

    // What one stream brings is no reason to write to the others; see `push()`.
    if (header[OUTPUTS] !== 0 && !this._isPushing) this.outputs.write();

    this.inbox.begin(header[INBOX_USED]);
    this._lastFlush = now();
    this._untilClock = 1;
    this._clockInterval = 1;

    while (header[INBOX_CURSOR] < count) {
      const at = header[INBOX_CURSOR] * RECORD_FIELDS;
      const connection = connections[records[at]];

      if (
        connection === undefined ||
        connection.generation !== records[at + 1] >>> 8
      ) {
        header[INBOX_CURSOR]++;
      } else {
        connection.runInAsyncScope(dispatchRun, this, connection, count);
      }
    }

    if (this.larges.length !== 0) this.larges.length = 0;
  }

  /** Flushes what waits for longer than it may, once in a while. */
  _tock() {
    const time = now();

    if (time - this._lastFlush < FLUSH_INTERVAL) {
      this._clockInterval = Math.min(
        this._clockInterval * 2,
        RECORDS_PER_CLOCK
      );
    } else {
      if (this._header[OUTBOX_COUNT] !== 0) {
        this.native.flush();
        this.outputs.write();
      }
      this._lastFlush = now();
      this._clockInterval = 1;
    }

    this._untilClock = this._clockInterval;
  }

  /**
   * Closes a connection's descriptor after writing what it has queued.
   *
   * @param {Connection} connection The connection
   * @param {Boolean} reset Whether the peer gets RST
   */
  destroy(connection, reset) {
    this.native.destroy(connection.slot, connection.generation, reset);
    this._schedule();
  }

  /**
   * Has the outbox flushed and completed writes told on the next tick, unless that will happen
   * anyway: at the end of this turn, or of the phase in which streams are read.
   */
  _schedule() {
    if (this.outbox.isExiting) {
      this.native.flush();
      this.outputs.write();
      return;
    }

    if (this._header[IN_TURN] === 0 && !this._tickScheduled && !this._reading) {
      this._tickScheduled = true;
      nextTick(this._complete);
    }
  }
}

/**
 * Handles the records of one connection that follow each other, in its async context.
 *
 * @this {Endpoint}
 */
function dispatchRun(connection, count) {
  const header = this._header;
  const records = this._records;
  const { slot, generation } = connection;
  let cursor = header[INBOX_CURSOR];

  do {
    const at = cursor * RECORD_FIELDS;

    const kind = records[at + 1] & 0xff;

    // What is called here may throw, which ends this call; the next one begins at the cursor. It
    // is moved on before a listener is called, but only after the last of several callbacks.
    if (kind === WRITTEN) {
      while (records[at + 2] > 0) {
        records[at + 2]--;
        connection.callBack();
      }
    } else if (kind === CLOSED) {
      connection.failCallbacks(records[at + 2]);
    }

    header[INBOX_CURSOR] = ++cursor;
    if (kind !== WRITTEN) {
      connection.receive(kind, records[at + 2], records[at + 3]);
    }

    if (--this._untilClock === 0) this._tock();
  } while (
    cursor < count &&
    records[cursor * RECORD_FIELDS] === slot &&
    records[cursor * RECORD_FIELDS + 1] >>> 8 === generation
  );
}

/** Whether `setImmediate()` was Node.js's own when this module was loaded. */
function hasImmediates() {
  const immediate = setImmediate(() => {});
  clearImmediate(immediate);
  return immediate?.constructor?.name === 'Immediate';
}

/**
 * Has `flush` called when the process exits. There is one listener however often this module is
 * loaded, as test runners do.
 */
function beforeExit(flush) {
  const kFlushes = Symbol.for('ferrows.flushes');

  if (process[kFlushes] === undefined) {
    const flushes = [];
    Object.defineProperty(process, kFlushes, { value: flushes });
    process.on('exit', () => flushes.forEach((each) => each()));
  }

  process[kFlushes].push(flush);
}

let endpoint = null;

/**
 * The environment's endpoint, made at its first use.
 *
 * @return {Endpoint} The endpoint
 * @throws {Error} If the operating system refuses it a descriptor
 */
function getEndpoint() {
  if (endpoint === null) endpoint = new Endpoint();
  return endpoint;
}

module.exports = getEndpoint;
