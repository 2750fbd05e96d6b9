'use strict';

const { HEADER } = require('./numbers');

const { IN_TURN, OUTBOX_COUNT, OUTBOX_FLUSHES, OUTBOX_USED } = HEADER;

const RECORD_FIELDS = 4;

// A message to 500 clients is 500 records. The system has no memory for what was never written.
const RECORDS = 32 * 1024;

/** The outbox is flushed when it holds this many bytes. */
const FLUSH_BYTES = 2048 * 1024;

/** There is room for what takes it beyond that: one payload. */
const SPARE_BYTES = 64 * 1024;

/**
 * A full outbox has but 16 KiB or 256 messages for each of so many connections. It grows then, by this
 * factor: to write four times as much to a connection takes far less than four times as long.
 */
const MANY_CONNECTIONS = 128;
const GROWTH = 8;

/** Payloads from this many bytes on are written inside `send()`; smaller ones are batched. */
const LARGE_PAYLOAD = 16 * 1024;

/** A UTF-16 code unit becomes at most this many bytes of UTF-8. */
const BYTES_PER_UNIT = 3;

/**
 * What is to be written, for all connections: records, and the payloads they point into. The
 * native side empties it.
 */
class Outbox {
  /**
   * @param {Int32Array} header The shared header
   * @param {Function} schedule Called when something was put in, to have it flushed later
   */
  constructor(header, schedule) {
    this._header = header;
    this._schedule = schedule;
    this._scale = 1;
    this.records = makeRecords(1);
    this.arena = makeArena(1);
    /** The native endpoint. */
    this.native = null;
    /** The process exits: there is no later. */
    this.isExiting = false;
    // The string that was encoded last, where it is, and the flush before which that holds.
    this._lastString = '';
    this._lastOffset = 0;
    this._lastLength = 0;
    this._lastFlushes = -1;
  }

  /**
   * Copies a payload into the outbox.
   *
   * @param {Connection} connection The connection
   * @param {Number} operation The operation and its flags
   * @param {(Uint8Array|null)} bytes The payload
   */
  appendBytes(connection, operation, bytes) {
    const length = bytes === null ? 0 : bytes.length;

    if (length >= LARGE_PAYLOAD) {
      this._writeNow(connection, operation, bytes);
      return;
    }

    const offset = this._reserve(length);
    if (length !== 0) this.arena.set(bytes, offset);
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
      header[OUTBOX_COUNT] < this._scale * RECORDS
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
    const length = this.arena.utf8Write(string, offset, most);

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
      header[OUTBOX_COUNT] === this._scale * RECORDS ||
      header[OUTBOX_USED] + length > this.arena.length
    ) {
      this._flushFull();
    }

    return header[OUTBOX_USED];
  }

  /** Empties the outbox because it is full. */
  _flushFull() {
    const connections = this.native.flush();

    if (this._scale < GROWTH && connections >= MANY_CONNECTIONS) this._grow();
  }

  _grow() {
    try {
      const records = makeRecords(GROWTH);
      const arena = makeArena(GROWTH);

      if (this.native.replaceOutbox(records, arena)) {
        this._scale = GROWTH;
        this.records = records;
        this.arena = arena;
      }
    } catch {
      // There is no memory for it now. What is there will do.
    }
  }

  _append(connection, operation, offset, length) {
    const header = this._header;
    const records = this.records;
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

    if (used >= this._scale * FLUSH_BYTES) this._flushFull();
    if (header[IN_TURN] === 0 || this.isExiting) this._schedule();
  }

  _writeNow(connection, operation, bytes) {
    this.native.write(connection.slot, connection.generation, operation, bytes);
    this._schedule();
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
}

function makeRecords(scale) {
  return new Int32Array(scale * RECORDS * RECORD_FIELDS);
}

function makeArena(scale) {
  return Buffer.from(new ArrayBuffer(scale * FLUSH_BYTES + SPARE_BYTES));
}

module.exports = { LARGE_PAYLOAD, Outbox };
