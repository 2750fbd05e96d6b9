'use strict';

const { AsyncResource } = require('async_hooks');

const { EMPTY_BUFFER, READY_STATES } = require('./constants');
const { isBlob, toBuffer } = require('./data');
const { isInternalError } = require('./internal-error');
const { OPERATION } = require('./numbers');
const Sender = require('./sender');
const SendQueue = require('./send-queue');

const [CONNECTING, OPEN] = READY_STATES.keys();

const { COMPRESS, CONTINUATION, FIN, MASK, OPCODE, RAW } = OPERATION;

/** Bytes of a control frame's payload (RFC 6455 §5.5). */
const MOST_CONTROL_PAYLOAD = 125;

/** Nobody waits for the `destroy` hook of a callback's async context. */
const NOT_TRACKED = { requireManualDestroy: true };

/**
 * What a `WebSocket` does to send something: methods of its prototype.
 */
const sends = {
  /** Sends a ping or a pong. */
  _sendControl(opcode, data, mask, cb) {
    if (this._readyState === CONNECTING) throw notOpen(this);

    if (typeof data === 'function') {
      cb = data;
      data = mask = undefined;
    } else if (typeof mask === 'function') {
      cb = mask;
      mask = undefined;
    }

    if (typeof data === 'number') data = data.toString();

    if (this._readyState !== OPEN) {
      this._sendAfterClose(data, cb);
      return;
    }

    const payload = isBlob(data) ? data : toBuffer(data || EMPTY_BUFFER);

    if ((payload.size ?? payload.length) > MOST_CONTROL_PAYLOAD) {
      throw new RangeError('The data size must not be greater than 125 bytes');
    }

    const masked = mask === undefined ? !this._isServer : mask;
    const operation = opcode | FIN | (masked ? MASK : 0);
    this._write(operation, payload, callable(cb));
  },

  /** Whether frames wait for a `Blob`. */
  _isQueuing() {
    return this._queue !== null && this._queue.isBusy;
  },

  /** Writes a frame, behind those that wait for a `Blob`. */
  _write(operation, data, cb) {
    if (!this._isQueuing()) {
      if (!isBlob(data)) {
        this._writeFrame(operation, data, cb);
        return;
      }

      this._queue ??= new SendQueue(this);
    }

    this._queue.push(operation, data, cb);
  },

  _writeFrame(operation, data, cb) {
    // What is compressed has to be so in its order: masked or not, none of it may wait in the native
    // side for what other threads compress.
    try {
      if (this._generateMask !== undefined && operation & (MASK | COMPRESS)) {
        this._writeOwnFrame(operation, data, cb);
      } else {
        this._connection.write(operation, data, cb);
      }
    } catch (error) {
      if (!isInternalError(error)) throw error;
      this._connection.endpoint.fail(this._connection);
      if (cb) process.nextTick(cb, error);
    }
  },

  /** Writes a frame that is made here, as masking keys are the user's. */
  _writeOwnFrame(operation, data, cb) {
    const connection = this._connection;
    const isCompressed = (operation & COMPRESS) !== 0;
    const opcode = operation & OPCODE;
    let payload = data;

    // The context is the connection's.
    if (isCompressed && !connection.destroyed) {
      payload = connection.endpoint.native.deflateNow(
        connection.slot,
        connection.generation,
        toBuffer(data),
        (operation & FIN) !== 0
      );
    }

    const frame = Sender.frame(payload, {
      fin: operation & FIN,
      generateMask: this._generateMask,
      mask: (operation & MASK) !== 0,
      opcode,
      readOnly: true,
      rsv1: isCompressed && opcode !== CONTINUATION
    });

    connection.write(RAW, Buffer.concat(frame), cb);
  },

  /** What `send()`, `ping()` and `pong()` do when the connection is CLOSING or CLOSED. */
  _sendAfterClose(data, cb) {
    if (data) {
      this._bufferedAmount += isBlob(data) ? data.size : toBuffer(data).length;
    }

    if (cb) process.nextTick(cb, notOpen(this));
  }
};

/** The callback, if it is one: it is called in the async context that is current now. */
function callable(cb) {
  if (typeof cb !== 'function') return undefined;

  const context = new AsyncResource('FERROWS_SEND', NOT_TRACKED);
  return (...args) => context.runInAsyncScope(cb, undefined, ...args);
}

function notOpen({ readyState }) {
  return new Error(
    `WebSocket is not open: readyState ${readyState} (${READY_STATES[readyState]})`
  );
}

module.exports = { callable, notOpen, sends };
