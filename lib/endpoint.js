'use strict';

const { AsyncResource } = require('async_hooks');

const binding = require('./binding');
const now = require('./clock');
const Codecs = require('./codecs');
const Inbox = require('./inbox');
const Intake = require('./intake');
const { guarded } = require('./internal-error');
const { HEADER, KIND, OPERATION } = require('./numbers');
const { Outbox } = require('./outbox');
const Outputs = require('./outputs');
const runtime = require('./runtime');

const {
  DISPATCHING,
  GONE,
  INBOX_COUNT,
  INBOX_CURSOR,
  INBOX_USED,
  IN_TURN,
  OUTBOX_COUNT,
  OUTPUTS,
  REFERENCED
} = HEADER;
const { CLOSED, WRITTEN } = KIND;

// Fake timers replace these later; a flush must happen all the same.
const { nextTick } = process;
const { clearInterval, setInterval } = globalThis;

const RECORD_FIELDS = 4;
const HEADER_FIELDS = 16;
const INBOX_RECORDS = 1024;
const INBOX_BYTES = 512 * 1024;

/** The outbox is flushed inside a batch when its records have waited this long, in ms. */
const FLUSH_INTERVAL = 1;

/** When the process exits, this long is waited for messages that other threads compress, in ms. */
const PATIENCE = 1000;

/** A timer's longest delay, in ms. */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * Where this many were written at once, the next ones may wait longer: each connection will have
 * several of them, which take no longer to write than one.
 */
const MANY_RECORDS = 1024;

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
    this._patience = PATIENCE;
    /** A timer that keeps the process alive. */
    this._alive = null;
    /** What streams have read, and what they have to write: there from the first one on. */
    this.intake = null;
    this.outputs = null;
    /** How many batches there have been, and whose events are being emitted. */
    this.batch = 0;
    this.current = null;
    this._lastFlush = 0;
    this._flushInterval = FLUSH_INTERVAL;
    this._untilClock = 1;
    this._clockInterval = 1;
    this._complete = () => {
      this._tickScheduled = false;
      this._finish();
    };

    this.native = new binding.Endpoint(
      runtime.losesExceptions
        ? () => this._dispatchAll()
        : () => this._dispatch(),
      {},
      this.larges,
      this._header,
      this._records,
      arena,
      this.outbox.records,
      this.outbox.arena,
      runtime.hasLibuv,
      () => this.intake.begin()
    );
    this.outbox.native = this.native;
    this._codecs = new Codecs(this.native);
    /** Whether sockets can be taken over; there are only streams where they cannot. */
    this.adopts = this.native.adopts;
    this._addStream = guarded((...args) => this.native.addStream(...args));

    this._root = null;
    this.native.runWithoutContext(() => {
      this._root = new AsyncResource('FERROWS');
    });
    this._makeConnection = (Class, argument) => new Class(this, argument);

    beforeExit(() => {
      this.outbox.isExiting = true;
      this.flush();
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
      options.deflate,
      head
    );
    connection.slot = slot;
    connection.generation = generation;
    this._connections[slot] = connection;
    this._schedule();
    this._openCodecs(connection, options.deflate);
  }

  /**
   * Takes in a connection whose bytes a stream moves.
   *
   * @param {StreamConnection} connection The connection
   * @param {Object} options Limits
   */
  addStream(connection, options) {
    if (this.intake === null) this._openToStreams();

    const [slot, generation] = this._addStream(
      Boolean(connection.owner._isServer),
      Number(options.maxPayload) || 0,
      options.maxFragments | 0,
      options.maxBufferedChunks | 0,
      Boolean(options.skipUTF8Validation),
      options.deflate
    );
    this._connections[slot] = connection;
    connection.slot = slot;
    connection.generation = generation;
    this._openCodecs(connection, options.deflate);
  }

  _openCodecs(connection, deflate) {
    if (!deflate) return;
    connection.deflates = true;
    this._codecs.open(deflate.releaseAfter);
  }

  /** Has what streams need, for the first of them. */
  _openToStreams() {
    const intake = new Intake(this._header, () => this._finish());
    const outputs = new Outputs(this._header, this._connections);

    this.native.shareWithStreams(
      intake.records,
      intake.arena,
      outputs.records,
      outputs.arena
    );
    intake.native = outputs.native = this.native;
    this.intake = intake;
    this.outputs = outputs;
  }

  /**
   * Forgets a connection whose last record was seen.
   *
   * @param {Connection} connection The connection
   */
  release(connection) {
    this._connections[connection.slot] = undefined;
    if (connection.deflates) this._codecs.close();
    this.outbox.appendBytes(connection, OPERATION.RELEASE, null);
  }

  /** Calls what the records of the inbox ask for. Called by the native side. */
  _dispatch() {
    const header = this._header;
    const records = this._records;
    const connections = this._connections;
    const count = header[INBOX_COUNT];

    header[DISPATCHING] = 1;

    // What one chunk brings is no reason to write to all streams.
    if (header[OUTPUTS] !== 0 && !this.intake.isPushing) this.outputs.write();

    // After an exception it is called again for the same batch.
    if (header[INBOX_CURSOR] === 0) this.batch++;
    this.inbox.begin(header[INBOX_USED]);
    this._lastFlush = now();
    // How long writing took a while ago says less and less.
    this._flushInterval = Math.max(FLUSH_INTERVAL, this._flushInterval / 2);
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

    this.current = null;
    if (this.larges.length !== 0) this.larges.length = 0;
  }

  /** As `_dispatch()`, but throws nothing: what a listener throws is thrown again behind the batch. */
  _dispatchAll() {
    for (;;) {
      try {
        this._dispatch();
        return;
      } catch (error) {
        nextTick(rethrow, error);
        // It may end the process.
        this.flush();
      }
    }
  }

  /** Carries out what waits. What is left then, and nobody else sees to, is for the next iteration. */
  _finish() {
    if (this._header[GONE] !== 0) return;
    if (this.native.complete()) this.intake.begin();

    if (this._header[REFERENCED] !== 0) {
      this._alive ??= setInterval(() => {}, LONGEST_DELAY);
    } else if (this._alive !== null) {
      clearInterval(this._alive);
      this._alive = null;
    }
  }

  /** Carries out what is in the outbox. */
  flush() {
    this.native.flush();
    if (this.outbox.isExiting) this._awaitDeflated();
    if (this._header[OUTPUTS] !== 0) this.outputs.write();
  }

  /** Has what other threads compress leave, too: nobody will tell of it any more. */
  _awaitDeflated() {
    const end = now() + this._patience;

    while (this._patience > 0 && this.native.awaitDeflated(this._patience)) {
      this._patience = end - now();
    }
    this._patience = end - now();
  }

  /** Flushes what waits for longer than it may, once in a while. */
  _tock() {
    const time = now();

    if (time - this._lastFlush < this._flushInterval) {
      this._clockInterval = Math.min(
        this._clockInterval * 2,
        RECORDS_PER_CLOCK
      );
    } else {
      const count = this._header[OUTBOX_COUNT];
      if (count !== 0) this.native.flushSome();
      const writes = this._header[OUTPUTS] !== 0;
      if (writes) this.outputs.write();

      this._lastFlush = now();
      this._flushInterval =
        writes || count >= MANY_RECORDS
          ? Intake.intervalAfter(this._lastFlush - time)
          : FLUSH_INTERVAL;
      this._clockInterval = 1;
    }

    this._untilClock = this._clockInterval;
  }

  /**
   * Closes a connection's descriptor after writing what it has queued.
   *
   * @param {Connection} connection The connection
   * @param {Boolean} reset Whether the peer gets RST
   * @return {Boolean} Whether messages are still delivered: they are being decompressed
   */
  destroy(connection, reset) {
    const { slot, generation } = connection;
    const hasLastWords = this.native.destroy(slot, generation, reset);
    this._schedule();
    return hasLastWords;
  }

  /**
   * Has a connection fail because of a bug that was met outside of the engine: it is told as the
   * engine's own are.
   *
   * @param {Connection} connection The connection
   */
  fail(connection) {
    this.native.fail(connection.slot, connection.generation);
    this._schedule();
  }

  /**
   * Has the outbox flushed and completed writes told on the next tick, unless that will happen
   * anyway: at the end of this turn, or of the phase in which streams are read.
   */
  _schedule() {
    if (this.outbox.isExiting) {
      this.flush();
      return;
    }

    if (
      this._header[IN_TURN] === 0 &&
      !this._tickScheduled &&
      !(this.intake !== null && this.intake.isReading)
    ) {
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

  this.current = connection;

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

function rethrow(error) {
  throw error;
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
