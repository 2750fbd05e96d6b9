'use strict';

const { setImmediate } = require('timers');
const { isSharedArrayBuffer } = require('util').types;

const { Deflater, Inflater } = require('./binding');
const { acceptOffer, acceptResponse } = require('./deflate-negotiation');
const { makeOffer, readParameters } = require('./deflate-negotiation');
const { MAX_WINDOW_BITS, readDeflateOptions } = require('./deflate-options');
const { protocolError } = require('./errors');
const { guarded, isInternalError } = require('./internal-error');

const newDeflater = guarded((...args) => new Deflater(...args));
const newInflater = guarded((...args) => new Inflater(...args));
const compress = guarded((codec, ...args) => codec.compress(...args));
const decompress = guarded((codec, ...args) => codec.decompress(...args));

/** Messages that the process works on at a time; the first instance says it, as in ws. */
let concurrencyLimit = -1;

/**
 * The extension permessage-deflate (RFC 7692) for one connection: what was agreed on, and a codec
 * for programs that have a transport of their own. A `WebSocket` does not use the codec: its
 * connection has one on the native side.
 */
class PerMessageDeflate {
  /**
   * @param {Object} [options]
   * @param {(Boolean|Number)} [options.clientMaxWindowBits] The client's window; of a client
   *     `false`: it cannot be limited
   * @param {Boolean} [options.clientNoContextTakeover] Whether the client forgets the context after
   *     each message
   * @param {Number} [options.concurrencyLimit=10] Messages that are worked on at a time, in the
   *     process; 0: any number
   * @param {Boolean} [options.isServer=false] Whether it is the server's
   * @param {Number} [options.maxPayload=0] Bytes that a frame may have when decompressed; 0: any
   *     number
   * @param {Number} [options.releaseAfter=60000] Milliseconds without a message after which the
   *     context of what is sent is forgotten; 0: never
   * @param {(Boolean|Number)} [options.serverMaxWindowBits] The server's window; of a server
   *     `false`: it cannot be limited
   * @param {Boolean} [options.serverNoContextTakeover] Whether the server forgets the context after
   *     each message; `false`: it refuses to
   * @param {Number} [options.threshold=1024] Bytes below which messages are not compressed if the
   *     context is not kept
   * @param {Object} [options.zlibDeflateOptions] zlib's options for what is sent
   * @param {Object} [options.zlibInflateOptions] zlib's options for what is received
   * @throws {(TypeError|RangeError)} If an option cannot be honoured
   */
  constructor(options) {
    this._options = options || {};
    this._parameters = readDeflateOptions(this._options);
    this._threshold = this._parameters.threshold;
    this._maxPayload = this._options.maxPayload | 0;
    this._isServer = Boolean(this._options.isServer);
    this._deflater = null;
    this._inflater = null;
    /** Results that were not told yet, in order. */
    this._results = null;

    /** What was agreed on; null before. */
    this.params = null;

    if (concurrencyLimit === -1) {
      concurrencyLimit = this._parameters.concurrencyLimit;
    }
  }

  /** @type {String} */
  static get extensionName() {
    return 'permessage-deflate';
  }

  /**
   * Makes a client's offer.
   *
   * @return {Object} Its parameters
   * @public
   */
  offer() {
    return makeOffer(this._options);
  }

  /**
   * Accepts a client's offers, or a server's response.
   *
   * @param {Object[]} configurations What `extension.parse()` made of the header; it is changed
   * @return {Object} The parameters that are agreed on
   * @throws {(Error|TypeError)} If they are invalid or not acceptable
   * @public
   */
  accept(configurations) {
    readParameters(configurations, this._isServer);

    this.params = this._isServer
      ? acceptOffer(configurations, this._options)
      : acceptResponse(configurations[0], this._options);

    return this.params;
  }

  /**
   * What the native side is told of the agreement.
   *
   * @type {Object}
   */
  get settings() {
    const { level, memLevel, releaseAfter, strategy } = this._parameters;
    const own = this._isServer ? 'server' : 'client';
    const peer = this._isServer ? 'client' : 'server';

    return {
      sendWindowBits: this._windowBits(own),
      sendTakeover: this._keepsContext(own),
      receiveWindowBits: this._windowBits(peer),
      receiveTakeover: this._keepsContext(peer),
      level,
      memLevel,
      strategy,
      releaseAfter,
      concurrencyLimit
    };
  }

  _windowBits(endpoint) {
    const bits = this.params[`${endpoint}_max_window_bits`];
    return typeof bits === 'number' ? bits : MAX_WINDOW_BITS;
  }

  _keepsContext(endpoint) {
    return !this.params[`${endpoint}_no_context_takeover`];
  }

  /**
   * Compresses a frame's payload.
   *
   * @param {(Buffer|String)} data The payload
   * @param {Boolean} fin Whether it is the last of its message
   * @param {Function} callback Called with an error or null and the compressed payload, later and
   *     in the order of the calls
   * @public
   */
  compress(data, fin, callback) {
    const { sendTakeover, sendWindowBits, ...settings } = this.settings;
    const { level, memLevel, strategy } = settings;

    try {
      this._deflater ??= newDeflater(
        level,
        memLevel,
        strategy,
        sendWindowBits,
        sendTakeover
      );

      const compressed = compress(this._deflater, bytesOf(data), Boolean(fin));
      this._tell(callback, null, compressed, 'deflate');
    } catch (error) {
      if (!isInternalError(error)) throw error;
      this._deflater = null;
      this._tell(callback, error, undefined, 'deflate');
    }
  }

  /**
   * Decompresses a frame's payload.
   *
   * @param {Buffer} data The payload
   * @param {Boolean} fin Whether it is the last of its message
   * @param {Function} callback Called with an error or null and the decompressed payload, later and
   *     in the order of the calls
   * @public
   */
  decompress(data, fin, callback) {
    const { receiveTakeover, receiveWindowBits } = this.settings;

    let bytes;

    try {
      this._inflater ??= newInflater(
        receiveWindowBits,
        receiveTakeover,
        Math.max(this._maxPayload, 0)
      );

      bytes = decompress(this._inflater, bytesOf(data), Boolean(fin));
    } catch (error) {
      if (!isInternalError(error)) throw error;
      this._inflater = null;
      this._tell(callback, error, undefined, 'inflate');
      return;
    }

    if (bytes !== null) {
      this._tell(callback, null, bytes, 'inflate');
      return;
    }

    const error = protocolError(this._inflater.error());

    this._inflater = null;
    this._tell(callback, error, undefined, 'inflate');
  }

  /** Has a callback called when what is running now is done. */
  _tell(callback, error, data, name) {
    const result = { callback, error, data, name };

    this._results ??= new Set();
    this._results.add(result);
    setImmediate(tell, this, result);
  }

  /**
   * Forgets the contexts. What was not told yet ends with an error.
   *
   * @public
   */
  cleanup() {
    const results = this._results;

    this._deflater = this._inflater = this._results = null;
    if (results === null) return;

    for (const { callback, name } of results) {
      callback(
        new Error(
          `The ${name} stream was closed while data was being processed`
        )
      );
    }
  }
}

/** Calls a callback, unless `cleanup()` has. */
function tell(perMessageDeflate, result) {
  if (perMessageDeflate._results?.delete(result)) {
    result.callback(result.error, result.data);
  }
}

/** The bytes of a payload, for the native side: no memory that another thread may write to. */
function bytesOf(data) {
  if (typeof data === 'string' || isSharedArrayBuffer(data.buffer)) {
    return Buffer.from(data);
  }

  return data;
}

module.exports = PerMessageDeflate;
