'use strict';

const Inbox = require('./inbox');
const { HEADER } = require('./numbers');

const { OUTPUTS } = HEADER;

/** A record is (slot, generation, length, marks, end). */
const RECORD_FIELDS = 5;
const RECORDS = 256;
const BYTES = 256 * 1024;

/**
 * What streams have to write: the native side has collected it, each stream's in one piece.
 */
class Outputs {
  /**
   * @param {Int32Array} header The shared header
   * @param {Connection[]} connections slot → connection
   */
  constructor(header, connections) {
    this._header = header;
    this._connections = connections;
    this.records = new Int32Array(RECORDS * RECORD_FIELDS);
    /** The bytes of all records, one behind the other. */
    this.arena = Buffer.from(new ArrayBuffer(BYTES));
    // A stream that is slow must not keep what the others wrote.
    this._copies = new Inbox(this.arena);
    this._count = 0;
    /** The next record, and where its bytes begin. */
    this._cursor = 0;
    this._offset = 0;
    /** The native endpoint. */
    this.native = null;
  }

  /** Has each stream write what it was sent, as far as that was flushed. */
  write() {
    const header = this._header;
    const records = this.records;

    while (header[OUTPUTS] !== 0) {
      if (this._cursor === this._count && !this._take()) return;

      const at = this._cursor++ * RECORD_FIELDS;
      const connection = this._connections[records[at]];
      const length = records[at + 2];
      const offset = this._offset;

      this._offset += length;

      if (
        connection !== undefined &&
        connection.generation === records[at + 1]
      ) {
        connection.writeOutput(
          this._copies.take(offset, length),
          records[at + 3],
          records[at + 4] !== 0
        );
      }
    }
  }

  /** Fetches what there is; returns whether there is something. */
  _take() {
    this._count = this.native.takeOutputs();
    this._cursor = this._offset = 0;
    if (this._count === 0) return false;

    let used = 0;
    for (let i = 0; i < this._count; i++) {
      used += this.records[i * RECORD_FIELDS + 2];
    }
    this._copies.begin(used);

    // A stream that throws ends the writing. The next call goes on behind it.
    this._header[OUTPUTS] = 1;
    return true;
  }
}

module.exports = Outputs;
