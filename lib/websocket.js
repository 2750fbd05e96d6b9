'use strict';

const { AsyncResource } = require('async_hooks');
const EventEmitter = require('events');

const { adopt } = require('./adopt');
const {
  endSocket,
  pauseSocket,
  socketOf,
  terminateSocket
} = require('./adopted-socket');
const closePayload = require('./close-payload');
const { BINARY_TYPES, EMPTY_BUFFER, READY_STATES } = require('./constants');
const { isBlob, toBuffer } = require('./data');
const DeferredEvents = require('./deferred');
const { getEndpoint, OPERATION } = require('./endpoint');
const { kStatusCode, protocolError } = require('./errors');
const { mixIn } = require('./event-target');
const Sender = require('./sender');
const WebSocketConnection = require('./websocket-connection');

const [CONNECTING, OPEN, CLOSING, CLOSED] = READY_STATES.keys();

const { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } = OPERATION;
const { FIN, MASK } = OPERATION;

/** Bytes of a control frame's payload (RFC 6455 §5.5). */
const MOST_CONTROL_PAYLOAD = 125;

const NO_EXTENSIONS = Object.freeze({});

/** Nobody waits for the `destroy` hook of a callback's async context. */
const NOT_TRACKED = { requireManualDestroy: true };

/**
 * A WebSocket connection.
 *
 * @extends EventEmitter
 */
class WebSocket extends EventEmitter {
  /**
   * A server makes one with `new WebSocket(null, undefined, options)`.
   *
   * @param {null} address No address: the socket comes by `setSocket()`
   * @param {undefined} protocols
   * @param {Object} options The server's options
   */
  constructor(address, protocols, options) {
    super();

    if (address !== null) {
      throw new Error(
        'This version of Ferrows is a server only: new WebSocket(address) is not available yet'
      );
    }

    this._binaryType = BINARY_TYPES[0];
    this._bufferedAmount = 0;
    this._closeCode = 1006;
    this._closeFrameReceived = false;
    this._closeFrameSent = false;
    this._closeMessage = EMPTY_BUFFER;
    this._closeTimer = null;
    /** Its connection to the native side; null while CONNECTING. */
    this._connection = null;
    /** The peer broke the protocol. */
    this._errored = false;
    this._extensions = NO_EXTENSIONS;
    /** The next frame of a message is its first. */
    this._firstFragment = true;
    this._isServer = true;
    this._options = options;
    this._paused = false;
    this._pendingAutoPongs = 0;
    this._protocol = '';
    this._readyState = CONNECTING;
    /** The server that counts it among its clients. */
    this._server = null;
  }

  /**
   * What binary messages are given as: `'nodebuffer'` (default), `'arraybuffer'`, `'fragments'` or
   * `'blob'`. Other values are ignored.
   *
   * @type {String}
   */
  get binaryType() {
    return this._binaryType;
  }

  set binaryType(type) {
    if (!BINARY_TYPES.includes(type)) return;

    this._binaryType = type;
  }

  /**
   * Bytes that were sent and not taken by the operating system, frame headers included.
   *
   * @type {Number}
   */
  get bufferedAmount() {
    if (this._connection === null) return this._bufferedAmount;
    return this._connection.queued + this._bufferedAmount;
  }

  /** @type {String} */
  get extensions() {
    return Object.keys(this._extensions).join();
  }

  /** @type {Boolean} */
  get isPaused() {
    return this._paused;
  }

  /** @type {String} */
  get protocol() {
    return this._protocol;
  }

  /** @type {Number} */
  get readyState() {
    return this._readyState;
  }

  /** @type {(String|undefined)} */
  get url() {
    return undefined;
  }

  /**
   * The socket that was upgraded; null while CONNECTING. Looking at it keeps it in memory until
   * the connection ends.
   *
   * @type {(Duplex|null)}
   * @private
   */
  get _socket() {
    return this._connection === null ? null : socketOf(this._connection);
  }

  /** What socket.io and others use of ws's internals. */
  get _sender() {
    return this._connection === null ? null : new Sender(this._connection);
  }

  /** Others remove listeners from it; there are none. */
  get _receiver() {
    return this._connection === null ? null : new EventEmitter();
  }

  /**
   * Takes the socket's connection over.
   *
   * @param {net.Socket} socket The socket of the upgrade request
   * @param {Buffer} head What was read behind the request
   * @param {Object} options Limits, and `response`: what is written first
   * @private
   */
  setSocket(socket, head, options) {
    const endpoint = getEndpoint();
    const connection = endpoint.makeConnection(WebSocketConnection, this);

    const { allowSynchronousEvents = true } = options;

    if (!allowSynchronousEvents) {
      connection.deferred = new DeferredEvents(connection);
    }

    adopt(connection, socket, head, options);
    this._connection = connection;
    connection.write(OPERATION.RAW, options.response);

    this._readyState = OPEN;
    this.emit('open');
  }

  /**
   * Starts the closing handshake, or answers the peer's (RFC 6455 §7.1.2).
   *
   *            close()                     peer
   *   OPEN ──── close frame ───────────────► │
   *   CLOSING ◄─────────────── close frame ── │
   *     │ ───── FIN ───────────────────────► │
   *   CLOSED ◄──────────────────────── FIN ── │
   *
   * The connection is cut off if this takes longer than `closeTimeout`.
   *
   * @param {Number} [code] The status code; without one the close frame is empty
   * @param {(String|Buffer)} [data] The reason, at most 123 bytes
   * @throws {TypeError} If the code or the reason is invalid
   * @throws {RangeError} If the reason is too long
   * @public
   */
  close(code, data) {
    if (this._readyState === CLOSED || this._readyState === CONNECTING) return;

    if (this._readyState === CLOSING) {
      this._endIfClosed();
      return;
    }

    this._connection.write(CLOSE | FIN, closePayload(code, data), (err) => {
      // The end of the connection tells of it.
      if (err) return;
      this._closeFrameSent = true;
      this._endIfClosed();
    });

    this._readyState = CLOSING;
    this._closeTimer = setTimeout(
      terminateSocket,
      this._options.closeTimeout,
      this._connection
    );
  }

  /** Ends the sending side if the close frame is out and no other is to be waited for. */
  _endIfClosed() {
    if (this._closeFrameSent && (this._closeFrameReceived || this._errored)) {
      endSocket(this._connection);
    }
  }

  /**
   * Stops reading from the socket. Messages that were read already are still emitted.
   *
   * @public
   */
  pause() {
    if (this._readyState === CONNECTING || this._readyState === CLOSED) return;
    this._paused = true;
    pauseSocket(this._connection, true);
  }

  /**
   * Continues reading from the socket.
   *
   * @public
   */
  resume() {
    if (this._readyState === CONNECTING || this._readyState === CLOSED) return;
    this._paused = false;
    pauseSocket(this._connection, false);
  }

  /**
   * Sends a ping.
   *
   * @param {*} [data] The payload, at most 125 bytes
   * @param {Boolean} [mask] Whether it is masked
   * @param {Function} [cb] Called when it was written, or with an error
   * @throws {RangeError} If the payload is too long
   * @public
   */
  ping(data, mask, cb) {
    this._sendControl(PING, data, mask, cb);
  }

  /**
   * Sends a pong.
   *
   * @param {*} [data] The payload, at most 125 bytes
   * @param {Boolean} [mask] Whether it is masked
   * @param {Function} [cb] Called when it was written, or with an error
   * @throws {RangeError} If the payload is too long
   * @public
   */
  pong(data, mask, cb) {
    this._sendControl(PONG, data, mask, cb);
  }

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

    const payload = toBuffer(data || EMPTY_BUFFER);

    if (payload.length > MOST_CONTROL_PAYLOAD) {
      throw new RangeError('The data size must not be greater than 125 bytes');
    }

    const operation = opcode | FIN | (mask ? MASK : 0);
    this._connection.write(operation, payload, callable(cb));
  }

  /**
   * Sends a message, or a fragment of one.
   *
   * @param {*} data A string or number, sent as text; or bytes
   * @param {Object} [options]
   * @param {Boolean} [options.binary] Whether the message is binary; by default what `data` is
   * @param {Boolean} [options.compress] Has no effect without permessage-deflate
   * @param {Boolean} [options.fin=true] Whether this is the last fragment
   * @param {Boolean} [options.mask=false] Whether it is masked
   * @param {Function} [cb] Called when it was written, or with an error
   * @throws {TypeError} If `data` is of another type
   * @public
   */
  send(data, options, cb) {
    if (this._readyState === CONNECTING) throw notOpen(this);

    if (typeof options === 'function') {
      cb = options;
      options = undefined;
    }

    if (typeof data === 'number') data = data.toString();

    if (this._readyState !== OPEN) {
      this._sendAfterClose(data, cb);
      return;
    }

    let binary = typeof data !== 'string';
    let fin = true;
    let mask = false;

    if (options) {
      // As for ws, an option that is there but undefined is falsy, and an inherited one is none.
      if (Object.hasOwn(options, 'binary')) binary = options.binary;
      if (Object.hasOwn(options, 'fin')) fin = options.fin;
      if (Object.hasOwn(options, 'mask')) mask = options.mask;
    }

    const payload =
      typeof data === 'string' ? data : toBuffer(data || EMPTY_BUFFER);
    let operation = CONTINUATION;

    if (this._firstFragment) operation = binary ? BINARY : TEXT;
    if (fin) operation |= FIN;
    if (mask) operation |= MASK;
    this._firstFragment = Boolean(fin);

    this._connection.write(operation, payload, callable(cb));
  }

  /** What `send()`, `ping()` and `pong()` do when the connection is CLOSING or CLOSED. */
  _sendAfterClose(data, cb) {
    if (data) {
      this._bufferedAmount += isBlob(data) ? data.size : toBuffer(data).length;
    }

    if (cb) process.nextTick(cb, notOpen(this));
  }

  /**
   * Cuts the connection off.
   *
   * @public
   */
  terminate() {
    if (this._readyState === CLOSED || this._readyState === CONNECTING) return;
    this._readyState = CLOSING;
    terminateSocket(this._connection);
  }

  /** A ping arrived. The pong goes out first: a listener may close. */
  _onPing(data) {
    const { autoPong, maxPendingAutoPongs } = this._options;

    if (autoPong && this._readyState === OPEN) {
      const most = maxPendingAutoPongs | 0;

      if (most > 0 && this._pendingAutoPongs >= most) {
        this.terminate();
      } else {
        this._pendingAutoPongs++;
        this.pong(data, !this._isServer, () => this._pendingAutoPongs--);
      }
    }

    this.emit('ping', data);
  }

  /** A close frame arrived. */
  _onConclude(code, reason) {
    this._closeFrameReceived = true;
    this._closeCode = code;

    if (reason.length !== 0) {
      // A copy that keeps nothing else in memory.
      this._closeMessage = Buffer.allocUnsafeSlow(reason.length);
      this._closeMessage.set(reason);
    }

    process.nextTick(readOn, this._connection);

    if (code === 1005) this.close();
    else this.close(code, reason);
  }

  /** The peer broke the protocol. */
  _onError(facts) {
    const error = protocolError(facts);

    this._errored = true;
    process.nextTick(readOn, this._connection);
    this.close(error[kStatusCode]);
    this.emit('error', error);
  }

  /** The peer sent FIN. */
  _onEnd() {
    this._readyState = CLOSING;
    endSocket(this._connection);
  }

  /** The connection has failed: callbacks that wait will be told, then that it is gone. */
  _onFailure() {
    this._readyState = CLOSING;
  }

  /** The connection is gone. */
  _onClose() {
    this._readyState = CLOSING;
    clearTimeout(this._closeTimer);
    this._closeTimer = null;
    if (this._server !== null) this._server._forget(this);
    this.emitClose();
  }

  /**
   * Emits `'close'`.
   *
   * @private
   */
  emitClose() {
    this._readyState = CLOSED;
    this.emit('close', this._closeCode, this._closeMessage);
  }
}

READY_STATES.forEach((name, value) => {
  Object.defineProperty(WebSocket, name, { enumerable: true, value });
  Object.defineProperty(WebSocket.prototype, name, { enumerable: true, value });
});

for (const name of [
  'binaryType',
  'bufferedAmount',
  'extensions',
  'isPaused',
  'protocol',
  'readyState',
  'url'
]) {
  Object.defineProperty(WebSocket.prototype, name, { enumerable: true });
}

mixIn(WebSocket);

/** The callback, if it is one: it is called in the async context that is current now. */
function callable(cb) {
  if (typeof cb !== 'function') return undefined;

  const context = new AsyncResource('FERROWS_SEND', NOT_TRACKED);
  return (...args) => context.runInAsyncScope(cb, undefined, ...args);
}

/** Ends a pause: nothing more is emitted, and the peer's FIN has to be seen. */
function readOn(connection) {
  connection.setPaused(false);
}

function notOpen({ readyState }) {
  return new Error(
    `WebSocket is not open: readyState ${readyState} (${READY_STATES[readyState]})`
  );
}

module.exports = WebSocket;
