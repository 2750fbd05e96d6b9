'use strict';

const { AsyncResource } = require('async_hooks');

const { KIND, OPERATION } = require('./numbers');
const Queue = require('./queue');
const { destroyedError, systemError } = require('./errors');

const { TEXT, BINARY, LARGE_TEXT, LARGE_BINARY, PING, PONG } = KIND;
const { CLOSE, DRAINED, ENDED, ERROR, FRAGMENTS, LARGE_FRAGMENTS } = KIND;
const { CLOSED, CONGESTED, UNCONGESTED } = KIND;
const { END, NOTIFY } = OPERATION;

const { nextTick } = process;

/**
 * The JavaScript half of a connection, whatever moves its bytes. A subclass knows its transport;
 * what the events mean is for its owner, by the methods `_onMessage _onPing _onPong _onConclude
 * _onError _onEnd _onFailure _onClose`.
 *
 * It is an `AsyncResource`: its events run in the async context in which it was made.
 */
class Connection extends AsyncResource {
  /**
   * @param {Endpoint} endpoint The environment's endpoint
   * @param {Object} owner Whose connection it is
   */
  constructor(endpoint, owner) {
    super('FERROWS', { requireManualDestroy: true });

    this.endpoint = endpoint;
    this.owner = owner;
    /** What names it on the native side. */
    this.slot = -1;
    this.generation = -1;
    /** The value of the flush counter when its last record was put into the outbox. */
    this.lastFlushes = -1;
    /** The transport is gone, or about to be. */
    this.destroyed = false;
    /** It may compress messages. */
    this.deflates = false;
    /** Up to which batch nothing is heard of it but that it is closed. */
    this.deafUntil = 0;
    /** The last event was seen. */
    this.closed = false;
    this.endCalled = false;
    this._paused = false;
    this._throttled = false;
    this._congested = false;
    /** Callbacks of writes that are not complete, in order. */
    this._callbacks = null;
    /** Where the fragments of the binary message end that comes next. */
    this._fragmentEnds = null;
    /** Events that wait for a macrotask of their own (`allowSynchronousEvents: false`). */
    this.deferred = null;
  }

  /**
   * Writes a frame, or with the operation `RAW` bytes as they are.
   *
   * @param {Number} operation The operation and its flags
   * @param {(String|Uint8Array|null)} data The payload
   * @param {Function} [cb] Called when the kernel has taken it, or with an error
   */
  write(operation, data, cb) {
    if (this.destroyed || (this.endCalled && operation !== END)) {
      const error = this.destroyed ? destroyedError() : endedError();
      if (cb) nextTick(cb, error);
      return;
    }

    if (cb) {
      operation |= NOTIFY;
      this._callbacks ??= new Queue();
      this._callbacks.push(cb);
    }

    if (typeof data === 'string') {
      this.endpoint.outbox.appendString(this, operation, data);
    } else {
      this.endpoint.outbox.appendBytes(this, operation, data);
    }
  }

  /**
   * Sends FIN after what was written before. Does nothing the second time.
   *
   * @param {Function} [cb] Called when it was sent, or with an error
   */
  end(cb) {
    if (this.endCalled && !this.destroyed) {
      if (cb) nextTick(cb);
      return;
    }

    this.endCalled = true;
    this.write(END, null, cb);
  }

  /** Stops or continues reading for the user. What was read already is still delivered. */
  setPaused(paused) {
    this._paused = paused;
    this._applyPause();
  }

  /** Stops or continues reading because events wait. */
  setThrottled(throttled) {
    this._throttled = throttled;
    this._applyPause();
  }

  /** Stops or continues reading because what was read is being decompressed. */
  setCongested(congested) {
    this._congested = congested;
    this._applyPause();
  }

  _applyPause() {
    this.applyPause(this._paused || this._throttled || this._congested);
  }

  /** Whether the user stopped it. */
  get paused() {
    return this._paused;
  }

  /**
   * Calls the next callback.
   *
   * @param {Error} [error] Why the write is not complete
   */
  callBack(error) {
    const callback = this._callbacks.shift();
    if (this._callbacks.isEmpty) this._callbacks = null;
    callback(error || null);
  }

  /**
   * The transport is closed: all callbacks get an error. Each is forgotten before it is called, so
   * that after one which throws this can be called again.
   *
   * @param {Number} errno What failed, or 0
   */
  failCallbacks(errno) {
    this.destroyed = true;
    if (errno !== 0) this.owner._onFailure();
    this.onDestroy(errno);

    while (this._callbacks !== null) {
      this.callBack(
        errno === 0 ? destroyedError() : systemError('write', errno)
      );
    }
  }

  /**
   * Handles one record.
   *
   * @param {Number} kind What happened
   * @param {Number} offset Where its payload is, or a number
   * @param {Number} length The payload's length, or a number
   */
  receive(kind, offset, length) {
    if (this.endpoint.batch <= this.deafUntil && kind !== CLOSED) return;

    switch (kind) {
      case TEXT:
      case BINARY:
      case PING:
      case PONG:
        this._emit(kind, this.endpoint.inbox.take(offset, length), 0);
        break;
      case LARGE_TEXT:
        this._emit(TEXT, this._large(offset, length), 0);
        break;
      case LARGE_BINARY:
        this._emit(BINARY, this._large(offset, length), 0);
        break;
      case FRAGMENTS:
        this._emit(FRAGMENTS, this.endpoint.inbox.take(offset, length), 0);
        break;
      case LARGE_FRAGMENTS:
        this._emit(FRAGMENTS, this._large(offset, length), 0);
        break;
      case CLOSE:
        this._emit(
          CLOSE,
          this.endpoint.inbox.take(offset, length >>> 16),
          length & 0xffff
        );
        break;
      case ERROR:
        this._emit(
          ERROR,
          this.endpoint.native.protocolError(this.slot, this.generation),
          0
        );
        break;
      case CONGESTED:
      case UNCONGESTED:
        this.setCongested(kind === CONGESTED);
        break;
      case CLOSED:
        this.forget();
        this._emit(CLOSED, null, 0);
        break;
      default:
        this._emit(kind, null, 0);
    }
  }

  _large(index, length) {
    const buffer = this.endpoint.larges[index];
    if (buffer.length === length || length < 0) return buffer;
    return buffer.subarray(0, length);
  }

  /** Calls the listener for an event, now or in a macrotask of its own. */
  _emit(kind, data, number) {
    if (this.deferred === null) this.deliver(kind, data, number);
    else this.deferred.push(kind, data, number);
  }

  /**
   * Calls the listener for an event.
   *
   * @param {Number} kind What happened
   * @param {(Buffer|Object|null)} data Its payload, or the facts of an error
   * @param {Number} number The close code
   */
  deliver(kind, data, number) {
    switch (kind) {
      case TEXT:
        this.owner._onMessage(data, false, null);
        break;
      case BINARY: {
        const ends = this._fragmentEnds;
        this._fragmentEnds = null;
        this.owner._onMessage(data, true, ends);
        break;
      }
      case FRAGMENTS:
        this._fragmentEnds = data;
        break;
      case PING:
        this.owner._onPing(data);
        break;
      case PONG:
        this.owner._onPong(data);
        break;
      case CLOSE:
        this.owner._onConclude(number, data);
        break;
      case ERROR:
        this.owner._onError(data);
        break;
      case ENDED:
        this.onEnd();
        break;
      case DRAINED:
        this.onDrain();
        break;
      case CLOSED:
        this.owner._onClose();
        break;
    }
  }

  /** Lets the native side use its slot again. */
  forget() {
    this.closed = true;
    this.endpoint.release(this);
    this.emitDestroy();
  }
}

function endedError() {
  const error = new Error('write after end');
  error.code = 'ERR_STREAM_WRITE_AFTER_END';
  return error;
}

module.exports = Connection;
