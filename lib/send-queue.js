'use strict';

const { byteLength, isBlob, toBuffer } = require('./data');
const Queue = require('./queue');

/**
 * Sends that wait behind a `Blob` that is being read, so that all leave in their order.
 */
class SendQueue {
  /**
   * @param {WebSocket} websocket Whose sends they are
   */
  constructor(websocket) {
    this._websocket = websocket;
    this._sends = new Queue();
    this._reading = false;
    /** Bytes of the payloads that wait. */
    this.bytes = 0;
  }

  /** Whether a send has to wait. */
  get isBusy() {
    return this._reading;
  }

  /**
   * Sends when it is its turn.
   *
   * @param {Number} operation The operation and its flags
   * @param {(Blob|String|Buffer)} data The payload
   * @param {Function} [cb] Called when it was written, or with an error
   */
  push(operation, data, cb) {
    const size = byteLength(data);

    this.bytes += size;
    this._sends.push({ operation, data, size, cb });
    if (!this._reading) this._run();
  }

  _run() {
    while (!this._sends.isEmpty) {
      const { operation, data, size, cb } = this._sends.first;

      if (isBlob(data)) {
        this._reading = true;
        // What is like a `Blob` may bring what is no bytes.
        const read = data.arrayBuffer().then(toBuffer);

        read.then(
          (bytes) => process.nextTick(() => this._onRead(bytes)),
          (error) => process.nextTick(() => this._onError(error))
        );
        return;
      }

      this._sends.shift();
      this.bytes -= size;
      this._websocket._writeFrame(operation, data, cb);
    }
  }

  _onRead(bytes) {
    this._reading = false;

    if (this._websocket._connection.destroyed) {
      this._fail(
        new Error('The socket was closed while the blob was being read')
      );
      return;
    }

    this._sends.first.data = bytes;
    this._run();
  }

  _onError(error) {
    this._reading = false;

    try {
      this._fail(error);
    } finally {
      this._websocket._onSendError(error);
    }
  }

  /** Tells all that wait that nothing comes of it. They stay accounted for, as with ws. */
  _fail(error) {
    const sends = this._sends;

    this._sends = new Queue();
    failAll(sends, error);
  }
}

/** Calls all callbacks; one that throws keeps back no other. */
function failAll(sends, error) {
  try {
    while (!sends.isEmpty) {
      const { cb } = sends.shift();
      if (cb) cb(error);
    }
  } finally {
    if (!sends.isEmpty) process.nextTick(failAll, sends, error);
  }
}

module.exports = SendQueue;
