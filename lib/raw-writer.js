'use strict';

const { OPERATION } = require('./numbers');

/**
 * A connection as a `Sender` writes to it: what it needs of a `Duplex`, and nothing more.
 */
class RawWriter {
  /**
   * @param {Connection} connection The connection
   */
  constructor(connection) {
    this._connection = connection;
  }

  get destroyed() {
    return this._connection.destroyed;
  }

  /** Bytes leave together at the end of the batch anyway. */
  cork() {}

  uncork() {}

  /**
   * Writes bytes as they are.
   *
   * @param {(String|Uint8Array)} data The bytes
   * @param {Function} [cb] Called when they were written, or with an error
   */
  write(data, cb) {
    this._connection.write(OPERATION.RAW, data, cb);
  }
}

module.exports = RawWriter;
