'use strict';

const { AsyncResource } = require('async_hooks');
const { performance } = require('perf_hooks');

const binding = require('./binding');
const Inbox = require('./inbox');

const FastBuffer = Buffer[Symbol.species];

const numbers = binding.numbers();
const { INBOX_COUNT, INBOX_CURSOR, INBOX_USED } = numbers.header;
const { CLOSED, WRITTEN } = numbers.kind;
const { IN_TURN, OUTBOX_COUNT, OUTBOX_FLUSHES, OUTBOX_USED, OUTPUTS } =
  numbers.header;

// Fake timers replace these later; a flush must happen all the same.
const { nextTick } = process;
const { setImmediate } = globalThis;
const now = performance.now.bind(performance);

const RECORD_FIELDS = 4;
const OUTPUT_FIELDS = 5;
const OUTPUTS_AT_ONCE = 256;
const HEADER_FIELDS = 16;
const INBOX_RECORDS = 1024;
const INBOX_BYTES = 512 * 1024;
const OUTBOX_RECORDS = 4096;
const OUTBOX_BYTES = 320 * 1024;

/** The outbox is flushed when it holds this many bytes. */
const FLUSH_BYTES = 256 * 1024;

/** The outbox is flushed inside a batch when its records have waited this long, in ms. */
const FLUSH_INTERVAL = 1;

/** Between two readings of the clock there are at most this many records. */
const RECORDS_PER_CLOCK = 16;

/** Payloads from this many bytes on are written inside `send()`; smaller ones are batched. */
const LARGE_PAYLOAD = 16 * 1024;

/** A UTF-16 code unit becomes at most this many bytes of UTF-8. */
const BYTES_PER_UNIT = 3;

/**
 * The JavaScript half of what the environment shares with Rust: `dispatch()` walks through the
 * inbox, `append…()` fills the outbox.
 */
class Endpoint {
  constructor() {
    this._header = new Int32Array(HEADER_FIELDS);
    this._records = new Int32Array(INBOX_RECORDS * RECORD_FIELDS);
    const arena = Buffer.from(new ArrayBuffer(INBOX_BYTES));
    this.inbox = new Inbox(arena);
    this._outRecords = new Int32Array(OUTBOX_RECORDS * RECORD_FIELDS);
    this._outArena = Buffer.from(new ArrayBuffer(OUTBOX_BYTES));
    /** Large payloads of the current batch. */
    this.larges = [];
    /** slot → Connection */
    this._connections = [];
    this._tickScheduled = false;
    this._exiting = false;
    /** Streams are being read in this loop iteration, which ends with a flush. */
    this._reading = false;
    this._readingSince = 0;
    /** What streams have to write: its records, and how far it was written. */
    this._outputRecords = new Int32Array(OUTPUTS_AT_ONCE * OUTPUT_FIELDS);
    this._outputCount = 0;
    this._outputCursor = 0;
    this._outputBytes = null;
    this._outputOffset = 0;
    this._lastString = '';
    this._lastOffset = 0;
    this._lastLength = 0;
    this._lastFlushes = -1;
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
      this._outRecords,
      this._outArena
    );

    this._root = null;
    this.native.runWithoutContext(() => {
      this._root = new AsyncResource('FERROWS');
    });
    this._makeConnection = (Class, argument) => new Class(this, argument);

    beforeExit(() => {
      this._exiting = true;
      this.native.flush();
      this.writeOutputs();
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
   * @param {Object} options Limits; `isServer`
   * @param {Buffer} head What was received already
   */
  adopt(connection, fd, options, head) {
    const [slot, generation] = this.native.adopt(
      fd,
      options.isServer,
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
   * @param {Object} options Limits; `isServer`
   */
  addStream(connection, options) {
    const [slot, generation] = this.native.addStream(
      options.isServer,
      options.maxPayload,
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
    this.native.push(connection.slot, connection.generation, bytes);

    if (this._header[IN_TURN] === 0 && this._header[OUTBOX_COUNT] !== 0) {
      const time = now();

      if (time - this._readingSince >= FLUSH_INTERVAL) {
        this._readingSince = time;
        this.native.complete();
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
      setImmediate(this._completeReading);
    }
  }

  /** Has streams write what was sent, as far as it was flushed. */
  writeOutputs() {
    const header = this._header;

    const records = this._outputRecords;

    while (header[OUTPUTS] !== 0) {
      if (this._outputCursor === this._outputCount && !this._takeOutputs()) {
        return;
      }

      const at = this._outputCursor++ * OUTPUT_FIELDS;
      const connection = this._connections[records[at]];
      const { buffer, byteOffset } = this._outputBytes;
      const start = byteOffset + this._outputOffset;
      const length = records[at + 2];

      this._outputOffset += length;

      if (
        connection !== undefined &&
        connection.generation === records[at + 1]
      ) {
        connection.writeOutput(
          new FastBuffer(buffer, start, length),
          records[at + 3],
          records[at + 4] !== 0
        );
      }
    }
  }

  /** Fetches what streams have to write; returns whether there is something. */
  _takeOutputs() {
    const outputs = this.native.takeOutputs(this._outputRecords);

    this._outputCount = this._outputCursor = this._outputOffset = 0;
    this._outputBytes = null;
    if (outputs === null) return false;

    this._outputCount = outputs.count;
    this._outputBytes = outputs.bytes;
    // A stream that throws ends the writing. The next call goes on behind it.
    this._header[OUTPUTS] = 1;
    return true;
  }

  /**
   * Forgets a connection whose last record was seen.
   *
   * @param {Connection} connection The connection
   */
  release(connection) {
    this._connections[connection.slot] = undefined;
    this.appendBytes(connection, numbers.operation.RELEASE, null);
  }

  /** Calls what the records of the inbox ask for. Called by the native side. */
  _dispatch() {
    const header = this._header;
    const records = this._records;
    const connections = this._connections;
    const count = header[INBOX_COUNT];

    if (header[OUTPUTS] !== 0) this.writeOutputs();

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
        this.writeOutputs();
      }
      this._lastFlush = time;
      this._clockInterval = 1;
    }

    this._untilClock = this._clockInterval;
  }

  /**
   * Copies a payload into the outbox.
   *
   * @param {Connection} connection The connection
   * @param {Number} operation The operation and its flags
   * @param {(Uint8Array|null)} bytes The payload
   */
  appendBytes(connection, operation, bytes) {
    const length = bytes === null ? 0 : bytes.byteLength;

    if (length >= LARGE_PAYLOAD) {
      this._writeNow(connection, operation, bytes);
      return;
    }

    const offset = this._reserve(length);
    if (length !== 0) this._outArena.set(bytes, offset);
    this._append(connection, operation, offset, length);
  }

  /**
   * Encodes a string into the outbox.
   *
   * @param {Connection} connection The connection
   * @param {Number} operation The operation and its flags
   * @param {String} string The payload
   */
  appendString(connection, operation, string) {
    const header = this._header;

    // One string for many connections is encoded once.
    if (
      this._lastFlushes === header[OUTBOX_FLUSHES] &&
      this._lastString === string &&
      header[OUTBOX_COUNT] < OUTBOX_RECORDS
    ) {
      this._append(connection, operation, this._lastOffset, this._lastLength);
      return;
    }

    const most = string.length * BYTES_PER_UNIT;

    if (most >= LARGE_PAYLOAD) {
      this.appendBytes(connection, operation, Buffer.from(string));
      return;
    }

    const offset = this._reserve(most);
    const length = this._outArena.utf8Write(string, offset, most);

    this._lastString = string;
    this._lastOffset = offset;
    this._lastLength = length;
    this._lastFlushes = header[OUTBOX_FLUSHES];
    this._append(connection, operation, offset, length);
  }

  /** Makes room for a record and `length` bytes; returns where the bytes go. */
  _reserve(length) {
    const header = this._header;

    if (
      header[OUTBOX_COUNT] === OUTBOX_RECORDS ||
      header[OUTBOX_USED] + length > OUTBOX_BYTES
    ) {
      this.native.flush();
    }

    return header[OUTBOX_USED];
  }

  _append(connection, operation, offset, length) {
    const header = this._header;
    const records = this._outRecords;
    const count = header[OUTBOX_COUNT];
    const at = count * RECORD_FIELDS;

    records[at] = connection.slot;
    records[at + 1] = (connection.generation << 8) | operation;
    records[at + 2] = offset;
    records[at + 3] = length;
    connection.lastFlushes = header[OUTBOX_FLUSHES];
    header[OUTBOX_COUNT] = count + 1;

    const used = offset + length;
    if (used > header[OUTBOX_USED]) header[OUTBOX_USED] = used;

    if (used >= FLUSH_BYTES || this._exiting) this.native.flush();
    if (header[IN_TURN] === 0) this._schedule();
  }

  _writeNow(connection, operation, bytes) {
    this.native.write(connection.slot, connection.generation, operation, bytes);
    if (this._header[IN_TURN] === 0) this._schedule();
  }

  /**
   * Flushes the outbox if it holds records of `connection`.
   *
   * @param {Connection} connection The connection
   */
  flushFor(connection) {
    if (
      this._header[OUTBOX_COUNT] !== 0 &&
      connection.lastFlushes === this._header[OUTBOX_FLUSHES]
    ) {
      this.native.flush();
    }
  }

  /**
   * Closes a connection's descriptor after writing what it has queued.
   *
   * @param {Connection} connection The connection
   * @param {Boolean} reset Whether the peer gets RST
   */
  destroy(connection, reset) {
    this.native.destroy(connection.slot, connection.generation, reset);
    if (this._header[IN_TURN] === 0) this._schedule();
  }

  /** Has the outbox flushed and completed writes told on the next tick. */
  _schedule() {
    if (!this._tickScheduled && !this._reading) {
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

module.exports = {
  KIND: numbers.kind,
  LARGE_PAYLOAD,
  OPERATION: numbers.operation,
  /**
   * The environment's endpoint, made at its first use.
   *
   * @return {Endpoint} The endpoint
   */
  getEndpoint() {
    if (endpoint === null) endpoint = new Endpoint();
    return endpoint;
  }
};
