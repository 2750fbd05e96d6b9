'use strict';

const EventEmitter = require('events');

const { abortHandshake, dial, readArguments } = require('./client');
const closePayload = require('./close-payload');
const { connect } = require('./connect');
const { BINARY_TYPES, EMPTY_BUFFER, READY_STATES } = require('./constants');
const { byteLength, isBlob, toBuffer } = require('./data');
const DeferredEvents = require('./deferred');
const { leastLength } = require('./deflate-negotiation');
const { isInternalError } = require('./internal-error');
const { OPERATION } = require('./numbers');
const { mixIn } = require('./event-target');
const events = require('./websocket-events');
const RawWriter = require('./raw-writer');
const Sender = require('./sender');
const { callable, notOpen, sends } = require('./websocket-sends');
const PerMessageDeflate = require('./permessage-deflate');

const [CONNECTING, OPEN, CLOSING, CLOSED] = READY_STATES.keys();

const { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } = OPERATION;
const { COMPRESS, FIN, MASK } = OPERATION;

const NO_EXTENSIONS = Object.freeze({});

/**
 * What `EventEmitter` keeps listeners in. Of its own, the literal `{ __proto__: null }`, V8 makes a hash
 * table, of 160 bytes; objects of one class share a shape, and need 8 bytes for each event.
 */
function Listeners() {}
Listeners.prototype = { __proto__: null };

/**
 * A WebSocket connection.
 *
 * @extends EventEmitter
 */
class WebSocket extends EventEmitter {
  /**
   * Makes a client, which dials at once. (A server calls it with the address `null`; the socket
   * comes by `setSocket()`.)
   *
   * @param {(String|URL)} address Where to
   * @param {(String|String[])} [protocols] The subprotocols to offer
   * @param {Object} [options] The options of docs/api.md, and those of `http.request()`
   * @throws {SyntaxError} If the address or a subprotocol is invalid
   * @throws {RangeError} If the protocol version is not supported
   * @throws {(TypeError|RangeError)} If an option of `perMessageDeflate` cannot be honoured
   */
  constructor(address, protocols, options) {
    super();

    // Who wraps `EventEmitter.init()`, as instrumentation does, may have put a listener there.
    if (this._eventsCount === 0) this._events = new Listeners();
    this._binaryType = BINARY_TYPES[0];
    this._bufferedAmount = 0;
    this._closeCode = 1006;
    this._closeFrameReceived = false;
    this._closeFrameSent = false;
    this._closeMessage = EMPTY_BUFFER;
    this._closeTimer = null;
    /** Bytes from which on messages are compressed; null without the extension. */
    this._compressFrom = null;
    /** The message is compressed whose fragments are being sent. */
    this._compressing = false;
    /** Its connection to the native side; null while CONNECTING. */
    this._connection = null;
    /** The peer broke the protocol. */
    this._errored = false;
    this._extensions = NO_EXTENSIONS;
    /** The next frame of a message is its first. */
    this._firstFragment = true;
    /** What a client knows of its handshake. */
    this._dialling = null;
    /** A client's function for masking keys. */
    this._generateMask = undefined;
    this._isServer = address === null;
    this._options = options;
    this._paused = false;
    this._pendingAutoPongs = 0;
    /** What it takes up of the limits of its server. */
    this._place = null;
    this._protocol = '';
    /** Sends that wait for a `Blob`. */
    this._queue = null;
    this._readyState = CONNECTING;
    /** The server that counts it among its clients. */
    this._server = null;

    if (!this._isServer) {
      const given = readArguments(protocols, options);
      this._options = dial(this, address, given.protocols, given.options);
    }
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
    const waiting = this._queue === null ? 0 : this._queue.bytes;
    return this._connection.queued + waiting + this._bufferedAmount;
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
    return this._dialling?.url;
  }

  /** The request of a client's handshake, while it has no response. */
  get _req() {
    return this._dialling?.req ?? null;
  }

  /**
   * The socket that was upgraded; null while CONNECTING. Looking at it keeps it in memory until
   * the connection ends.
   *
   * @type {(Duplex|null)}
   * @private
   */
  get _socket() {
    return this._connection === null ? null : this._connection.socket;
  }

  /** What socket.io and others use of ws's internals. */
  get _sender() {
    if (this._connection === null) return null;
    return new Sender(
      new RawWriter(this._connection),
      undefined,
      this._generateMask
    );
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
    const agreed = this._extensions[PerMessageDeflate.extensionName];
    const deflate = agreed === undefined ? null : agreed.settings;
    const connection = connect(this, socket, head, { ...options, deflate });
    const { allowSynchronousEvents = true } = options;

    if (agreed !== undefined) this._compressFrom = leastLength(agreed);

    if (!allowSynchronousEvents) {
      connection.deferred = new DeferredEvents(connection);
    }

    this._connection = connection;
    this._generateMask = options.generateMask;

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
    if (this._readyState === CLOSED) return;
    if (this._readyState === CONNECTING) {
      this._abortHandshake();
      return;
    }

    if (this._readyState === CLOSING) {
      this._endIfClosed();
      return;
    }

    let payload;

    try {
      payload = closePayload(code, data);
    } catch (error) {
      if (!isInternalError(error)) throw error;
      this._connection.endpoint.fail(this._connection);
      return;
    }

    this._write(CLOSE | FIN | (this._isServer ? 0 : MASK), payload, (err) => {
      // The end of the connection tells of it.
      if (err) return;
      this._closeFrameSent = true;
      this._endIfClosed();
    });

    this._readyState = CLOSING;
    this._setCloseTimer();

    // FIN will follow the close frame. Asked for at once, it shares its segment.
    if (
      this._isConcluded &&
      this._connection.endsInOrder &&
      !this._isQueuing()
    ) {
      this._connection.endSocket();
    }
  }

  /** Whether no close frame of the peer is to be waited for. */
  get _isConcluded() {
    return this._closeFrameReceived || this._errored;
  }

  /** Ends the sending side if the close frame is out and no other is to be waited for. */
  _endIfClosed() {
    if (this._closeFrameSent && this._isConcluded) {
      this._connection.endSocket();
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
    this._connection.pauseSocket(true);
  }

  /**
   * Continues reading from the socket.
   *
   * @public
   */
  resume() {
    if (this._readyState === CONNECTING || this._readyState === CLOSED) return;
    this._paused = false;
    this._connection.pauseSocket(false);
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

  /**
   * Sends a message, or a fragment of one.
   *
   * @param {*} data A string or number, sent as text; or bytes
   * @param {Object} [options]
   * @param {Boolean} [options.binary] Whether the message is binary; by default what `data` is
   * @param {Boolean} [options.compress] Whether the message is compressed, which its first fragment
   *     says; by default it is, if permessage-deflate was agreed on
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
    let compress = true;
    let fin = true;
    let mask = !this._isServer;

    if (typeof options === 'object' && options !== null) {
      // As for ws, an option that is there but undefined is falsy, and an inherited one is none.
      // `in` comes first because it is fast where there is none.
      if ('binary' in options && Object.hasOwn(options, 'binary')) {
        binary = options.binary;
      }
      if ('compress' in options && Object.hasOwn(options, 'compress')) {
        compress = options.compress;
      }
      if ('fin' in options && Object.hasOwn(options, 'fin')) fin = options.fin;
      if ('mask' in options && Object.hasOwn(options, 'mask')) {
        mask = options.mask;
      }
    }

    const payload =
      typeof data === 'string' || isBlob(data)
        ? data
        : toBuffer(data || EMPTY_BUFFER);
    let operation = CONTINUATION;

    if (this._firstFragment) {
      const from = this._compressFrom;

      operation = binary ? BINARY : TEXT;
      this._compressing =
        Boolean(compress) &&
        from !== null &&
        (from === 0 || byteLength(payload) >= from);
    }

    if (this._compressing) operation |= COMPRESS;
    if (fin) operation |= FIN;
    if (mask) operation |= MASK;
    this._firstFragment = Boolean(fin);

    this._write(operation, payload, callable(cb));
  }

  /**
   * Cuts the connection off.
   *
   * @public
   */
  terminate() {
    if (this._readyState === CLOSED) return;
    if (this._readyState === CONNECTING) {
      this._abortHandshake();
      return;
    }

    // The handshake of a client may have failed.
    if (this._connection === null) return;

    this._readyState = CLOSING;
    this._connection.terminate();
  }

  _abortHandshake() {
    if (this._req === null) return;
    const text = 'WebSocket was closed before the connection was established';
    abortHandshake(this, this._req, text);
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

for (const [name, value] of Object.entries({ ...events, ...sends })) {
  Object.defineProperty(WebSocket.prototype, name, {
    configurable: true,
    value,
    writable: true
  });
}

mixIn(WebSocket);

module.exports = WebSocket;
