'use strict';

const binding = require('./binding');
const Connection = require('./connection');
const { OPERATION } = require('./numbers');
const { LARGE_PAYLOAD } = require('./outbox');
const { kConnection } = require('./husks');

const { FIN, MASK, OPCODE, RAW } = OPERATION;

const NO_KEY = Buffer.alloc(0);

/**
 * A connection whose bytes a stream moves: a TLS socket, or any other `Duplex`.
 *
 * What the stream reads is pushed to the native side, which calls back with what it brings. What
 * is sent is collected there, and written by one `stream.write()` per loop iteration.
 */
class StreamConnection extends Connection {
  constructor(endpoint, owner) {
    super(endpoint, owner);
    this._stream = null;
  }

  /**
   * Begins to read from a stream, in a later tick.
   *
   * @param {Duplex} stream The stream
   * @param {Buffer} head What was read behind the handshake
   * @param {Object} options Limits; `isServer`
   */
  attach(stream, head, options) {
    this._stream = stream;
    stream[kConnection] = this;
    this.endpoint.addStream(this, options);

    // A `Duplex` may not have these.
    if (stream.setTimeout) stream.setTimeout(0);
    if (stream.setNoDelay) stream.setNoDelay();
    if (head.length > 0) stream.unshift(head);

    stream.on('close', streamOnClose);
    stream.on('data', streamOnData);
    stream.on('end', streamOnEnd);
    stream.on('error', streamOnError);
  }

  /**
   * The stream, for somebody who may write to it: what was sent before goes first.
   *
   * @type {Duplex}
   */
  get socket() {
    this.flush();
    return this._stream;
  }

  /**
   * Bytes that the stream has not written yet.
   *
   * @type {Number}
   */
  get queued() {
    if (this.closed) return 0;
    this.endpoint.outbox.flushFor(this);
    return (
      this.endpoint.native.queued(this.slot, this.generation) +
      (this._stream.writableLength || 0)
    );
  }

  write(operation, data, cb) {
    if (
      typeof data !== 'string' &&
      data !== null &&
      data.byteLength >= LARGE_PAYLOAD &&
      !(operation & MASK) &&
      !this.destroyed
    ) {
      this._writeLarge(operation, data, cb);
    } else {
      super.write(operation, data, cb);
    }
  }

  /** Writes a large payload without copying it. */
  _writeLarge(operation, data, cb) {
    const stream = this._stream;

    this.flush();

    if ((operation & OPCODE) === RAW) {
      stream.write(data, cb);
      return;
    }

    const header = binding.frameHeader(
      operation & OPCODE,
      (operation & FIN) !== 0,
      false,
      NO_KEY,
      data.byteLength
    );

    if (stream.cork) stream.cork();
    stream.write(header);
    stream.write(data, cb);
    if (stream.uncork) stream.uncork();
  }

  /** Has the stream write what was sent. */
  flush() {
    this.endpoint.outbox.flushFor(this);
    this.endpoint.outputs.write();
  }

  /**
   * Has the stream write bytes.
   *
   * @param {Buffer} bytes The bytes
   * @param {Number} marks How many writes are complete then that have a callback
   * @param {Boolean} end Whether the stream is to be ended after them
   */
  writeOutput(bytes, marks, end) {
    const stream = this._stream;
    const complete =
      marks === 0 ? undefined : (err) => this._complete(marks, err);

    if (end) stream.end(bytes, complete);
    else stream.write(bytes, complete);
  }

  /** Calls the callbacks of writes that are complete; one that throws keeps back no other. */
  _complete(marks, error) {
    try {
      while (marks > 0 && this._callbacks !== null) {
        marks--;
        this.runInAsyncScope(this.callBack, this, error);
      }
    } finally {
      if (marks > 0 && this._callbacks !== null) {
        process.nextTick(() => this._complete(marks, error));
      }
    }
  }

  endSocket() {
    this.flush();
    this._stream.end();
  }

  terminate() {
    this.flush();
    this._stream.destroy();
  }

  pauseSocket(paused) {
    this.setPaused(paused);
  }

  applyPause(paused) {
    if (this.closed) return;
    if (paused) this._stream.pause();
    else this._stream.resume();
  }

  onEnd() {
    this.owner._onEnd();
  }

  onDestroy() {}
}

/** @this {Duplex} */
function streamOnClose() {
  const connection = this[kConnection];

  this.removeListener('close', streamOnClose);
  this.removeListener('data', streamOnData);
  this.removeListener('end', streamOnEnd);

  // What it has read and not emitted, because it is paused.
  const state = this._readableState;
  if (state && !state.endEmitted && state.length !== 0) {
    const chunk = this.read(state.length);
    if (chunk !== null) connection.endpoint.push(connection, chunk);
  }

  connection.endpoint.closeStream(connection);
}

/** @this {Duplex} */
function streamOnData(chunk) {
  const connection = this[kConnection];
  connection.endpoint.push(connection, chunk);
}

/** @this {Duplex} */
function streamOnEnd() {
  const connection = this[kConnection];
  connection.endpoint.endStream(connection);
}

/** @this {Duplex} */
function streamOnError() {
  this.removeListener('error', streamOnError);
  this.on('error', noop);
  this.destroy();
}

function noop() {}

module.exports = StreamConnection;
