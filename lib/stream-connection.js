'use strict';

const binding = require('./binding');
const Connection = require('./connection');
const { destroyedError } = require('./errors');
const { guarded } = require('./internal-error');
const { OPERATION } = require('./numbers');
const { LARGE_PAYLOAD } = require('./outbox');
const { kConnection } = require('./husks');
const Queue = require('./queue');

const { FIN, MASK, OPCODE, RAW } = OPERATION;

const frameHeader = guarded(binding.frameHeader);

const NO_KEY = Buffer.alloc(0);

/**
 * A connection whose bytes a stream moves: a TLS socket, or any other `Duplex`.
 *
 * What the stream reads is collected, and brought to the native side once per loop iteration; that
 * calls back with what it brings. What is sent is collected there, and written by one
 * `stream.write()` per loop iteration.
 */
class StreamConnection extends Connection {
  constructor(endpoint, owner) {
    super(endpoint, owner);
    this._stream = null;
    /** It calls a method of the stream itself, for which nothing has to go first. */
    this._isCalling = false;
    /** The stream was destroyed while it had something to write. */
    this._isCut = false;
  }

  /**
   * Begins to read from a stream, in a later tick.
   *
   * @param {Duplex} stream The stream
   * @param {Buffer} head What was read behind the handshake
   * @param {Object} options Limits, and `response`: what is written first
   */
  attach(stream, head, options) {
    this._stream = stream;
    stream[kConnection] = this;
    // Alone, before any frame: who reads it as one chunk (@fastify/websocket's `injectWS()`) looks
    // at nothing behind it. And before the listeners: a peer in memory may answer at once.
    if (Object.hasOwn(options, 'response')) stream.write(options.response);
    this.endpoint.addStream(this, options);

    // A `Duplex` may not have these.
    if (stream.setTimeout) stream.setTimeout(0);
    if (stream.setNoDelay) stream.setNoDelay();
    if (head.length > 0) stream.unshift(head);

    for (const name of ['write', 'end', 'destroy']) this._flushBefore(name);

    stream.on('close', streamOnClose);
    stream.on('data', streamOnData);
    stream.on('end', streamOnEnd);
    stream.on('error', streamOnError);
  }

  /**
   * Has what was sent before go first when somebody calls a method of the stream.
   *
   * @param {String} name The method
   */
  _flushBefore(name) {
    const connection = this;
    const method = this._stream[name];

    Object.defineProperty(this._stream, name, {
      configurable: true,
      value(...args) {
        if (!connection._isCalling) connection.flush();
        if (name === 'destroy') connection._onCut();
        return method.apply(this, args);
      },
      writable: true
    });
  }

  /** Calls a method of the stream. */
  _call(name, ...args) {
    this._isCalling = true;

    try {
      return this._stream[name](...args);
    } finally {
      this._isCalling = false;
    }
  }

  /**
   * The stream.
   *
   * @type {Duplex}
   */
  get socket() {
    return this._stream;
  }

  /**
   * Bytes that the stream has not written yet.
   *
   * @type {Number}
   */
  get queued() {
    if (this.closed) return 0;
    this.flush();
    if (this.closed) return 0;
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
      // Nothing may overtake what is being compressed.
      !this.deflates &&
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

    const isRaw = (operation & OPCODE) === RAW;
    // Before the callback waits: this may throw.
    const header = isRaw
      ? null
      : frameHeader(
          operation & OPCODE,
          (operation & FIN) !== 0,
          false,
          NO_KEY,
          data.byteLength
        );
    const complete = cb && ((error) => this._complete(1, error));

    if (cb) {
      this._callbacks ??= new Queue();
      this._callbacks.push(cb);
    }

    if (isRaw) {
      this._call('write', data, complete);
      return;
    }

    if (stream.cork) stream.cork();
    this._call('write', header);
    this._call('write', data, complete);
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
    const complete =
      marks === 0 ? undefined : (err) => this._complete(marks, err);

    this._call(end ? 'end' : 'write', bytes, complete);
  }

  /** Calls the callbacks of writes that are complete; one that throws keeps back no other. */
  _complete(marks, error) {
    try {
      while (marks > 0 && this._callbacks !== null) {
        const said = error;

        // A socket that is destroyed says of the write that it has begun that it is done. As with
        // ws, that is said of one frame only.
        if (this._isCut) error ??= destroyedError();
        marks--;
        this.runInAsyncScope(this.callBack, this, said);
      }
    } finally {
      if (marks > 0 && this._callbacks !== null) {
        process.nextTick(() => this._complete(marks, error));
      }
    }
  }

  /** The stream's own end does not wait for what is still compressed. */
  get endsInOrder() {
    return false;
  }

  endSocket() {
    this.flush();
    this._call('end');
  }

  terminate() {
    this.flush();
    this._call('destroy');
  }

  /** The stream is destroyed, by whom ever. */
  _onCut() {
    const { batch, current } = this.endpoint;

    this._isCut ||= this._stream.writableLength > 0;
    // In a listener of another connection: with ws, what this one brought beside it was not read.
    if (current !== null && current !== this) this.deafUntil = batch;
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

  connection.endpoint.intake.deliver();
  connection.owner._onFailure();
  this.removeListener('close', streamOnClose);
  this.removeListener('data', streamOnData);
  this.removeListener('end', streamOnEnd);

  // What it has read and not emitted, because it is paused.
  const state = this._readableState;
  if (state && !state.endEmitted && state.length !== 0) {
    const chunk = this.read(state.length);
    if (chunk !== null) streamOnData.call(this, chunk);
  }

  connection.endpoint.intake.close(connection);
}

/** @this {Duplex} */
function streamOnData(chunk) {
  const connection = this[kConnection];
  // Somebody may have set an encoding.
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  connection.endpoint.intake.push(connection, bytes);
}

/** @this {Duplex} */
function streamOnEnd() {
  const connection = this[kConnection];
  connection.endpoint.intake.end(connection);
}

/** @this {Duplex} */
function streamOnError() {
  const connection = this[kConnection];

  connection.endpoint.intake.deliver();
  connection.owner._onFailure();
  this.removeListener('error', streamOnError);
  this.on('error', noop);
  this.destroy();
}

function noop() {}

module.exports = StreamConnection;
