'use strict';

const { clearImmediate, setImmediate } = require('timers');

const now = require('./clock');
const { HEADER } = require('./numbers');

const { GONE, INTAKE_COUNT, IN_TURN, OUTBOX_COUNT, OUTPUTS } = HEADER;

const { nextTick } = process;

/** Has a function called when the loop has read what there is; fake timers may never do that. */
const afterReading = hasImmediates() ? setImmediate : nextTick;

/** A record is (slot, generation, length). */
const RECORD_FIELDS = 3;
const RECORDS = 1024;
const BYTES = 256 * 1024;

/** Chunks from this many bytes on are not collected. */
const LARGE_CHUNK = 16 * 1024;

/** What was sent waits at most this long while streams are read, in ms. */
const INTERVAL = 1;

/** Unless writing takes longer than one part in this many of the time. */
const SHARE = 4;

/** A process that had to wait for the processor writes slowly once; that is no reason to wait, in ms. */
const LONGEST_INTERVAL = 20;

/** Between two readings of the clock there are at most this many chunks. */
const CHUNKS_PER_CLOCK = 16;

/**
 * What streams have read: their chunks, for all connections. They are collected, and the native
 * side takes them at the end of the phase of the event loop in which streams are read. What they
 * cause is written together then.
 */
class Intake {
  /**
   * @param {Int32Array} header The shared header
   * @param {Function} finish Called at the end of the phase
   */
  constructor(header, finish) {
    this._header = header;
    this.records = new Int32Array(RECORDS * RECORD_FIELDS);
    this.arena = Buffer.from(new ArrayBuffer(BYTES));
    this._used = 0;
    /** Streams are being read in this loop iteration, which ends with a flush. */
    this.isReading = false;
    /** A chunk is being delivered by itself. */
    this.isPushing = false;
    this._since = 0;
    this._interval = INTERVAL;
    this._untilClock = CHUNKS_PER_CLOCK;
    /** The native endpoint. */
    this.native = null;
    this._complete = () => {
      this.isReading = false;
      finish();
    };
  }

  /**
   * Takes bytes that a stream has read.
   *
   * @param {StreamConnection} connection The stream's connection
   * @param {Buffer} bytes The bytes
   */
  push(connection, bytes) {
    const header = this._header;
    const { length } = bytes;

    if (header[GONE] !== 0) return;
    this.begin();

    const count = header[INTAKE_COUNT];
    if (count === 0) this._used = 0;

    if (
      length < LARGE_CHUNK &&
      count < RECORDS &&
      this._used + length <= BYTES
    ) {
      const at = count * RECORD_FIELDS;

      this.records[at] = connection.slot;
      this.records[at + 1] = connection.generation;
      this.records[at + 2] = length;
      this.arena.set(bytes, this._used);
      this._used += length;
      header[INTAKE_COUNT] = count + 1;
    } else {
      this._pushAlone(connection, bytes);
    }

    if (
      --this._untilClock <= 0 ||
      header[OUTBOX_COUNT] !== 0 ||
      header[OUTPUTS] !== 0
    ) {
      this._tock();
    }
  }

  /** Delivers a chunk at once, behind what was collected. */
  _pushAlone(connection, bytes) {
    this.isPushing = true;

    try {
      this.native.push(connection.slot, connection.generation, bytes);
    } finally {
      this.isPushing = false;
    }
  }

  /** Delivers what was collected. */
  deliver() {
    if (this._header[INTAKE_COUNT] !== 0) this.native.deliverIntake();
  }

  /** A stream has ended. */
  end(connection) {
    if (this._header[GONE] !== 0) return;
    this.begin();
    this.native.endStream(connection.slot, connection.generation);
  }

  /** A stream is closed. */
  close(connection) {
    if (this._header[GONE] !== 0) return;
    this.begin();
    this.native.closeStream(connection.slot, connection.generation);
  }

  /** What follows in this iteration of the loop is carried out at the end of its phase. */
  begin() {
    if (this.isReading) return;
    this.isReading = true;
    this._since = now();
    afterReading(this._complete);
  }

  /** Delivers and writes what waits for longer than it may. */
  _tock() {
    const header = this._header;
    this._untilClock = CHUNKS_PER_CLOCK;
    if (header[IN_TURN] !== 0) return;

    const time = now();

    if (time - this._since >= this._interval) {
      this.native.complete();
      this._since = now();
      this._interval = Intake.intervalAfter(this._since - time);
    }
  }

  /**
   * How long what is sent may wait. Writing to many connections takes longer than one may wait
   * for it; most of the time is for reading, and for listeners.
   *
   * @param {Number} duration How long writing took the last time, in ms
   * @return {Number} The time until it is done again, in ms
   */
  static intervalAfter(duration) {
    return Math.min(Math.max(INTERVAL, SHARE * duration), LONGEST_INTERVAL);
  }
}

/** Whether `setImmediate()` was Node.js's own when this module was loaded. */
function hasImmediates() {
  const immediate = setImmediate(() => {});
  clearImmediate(immediate);
  return immediate?.constructor?.name === 'Immediate';
}

module.exports = Intake;
