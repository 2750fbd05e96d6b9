'use strict';

const { HEADER } = require('./numbers');

const { OUTPUTS } = HEADER;

const FastBuffer = Buffer[Symbol.species];

/** A record is (slot, generation, length, marks, end). */
const OUTPUT_FIELDS = 5;
const OUTPUTS_AT_ONCE = 256;

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
    this._records = new Int32Array(OUTPUTS_AT_ONCE * OUTPUT_FIELDS);
    this._count = 0;
    this._cursor = 0;
    /** The bytes of all records, and where those of the next begin. */
    this._bytes = null;
    this._offset = 0;
    /** The native endpoint. */
    this.native = null;
  }

  /** Has each stream write what it was sent, as far as that was flushed. */
  write() {
    const header = this._header;
    const records = this._records;

    while (header[OUTPUTS] !== 0) {
      if (this._cursor === this._count && !this._take()) return;

      const at = this._cursor++ * OUTPUT_FIELDS;
      const connection = this._connections[records[at]];
      const length = records[at + 2];
      const start = this._bytes.byteOffset + this._offset;

      this._offset += length;

      if (
        connection !== undefined &&
        connection.generation === records[at + 1]
      ) {
        const bytes = new FastBuffer(this._bytes.buffer, start, length);

        connection.writeOutput(
          // A stream that is slow must not keep what the others wrote.
          this._count === 1 ? bytes : Buffer.from(bytes),
          records[at + 3],
          records[at + 4] !== 0
        );
      }
    }
  }

  /** Fetches what there is; returns whether there is something. */
  _take() {
    const outputs = this.native.takeOutputs(this._records);

    this._count = this._cursor = this._offset = 0;
    this._bytes = null;
    if (outputs === null) return false;

    this._count = outputs.count;
    this._bytes = outputs.bytes;
    // A stream that throws ends the writing. The next call goes on behind it.
    this._header[OUTPUTS] = 1;
    return true;
  }
}

module.exports = Outputs;
