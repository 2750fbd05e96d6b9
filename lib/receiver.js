'use strict';

const { isUtf8 } = require('buffer');
const { Writable } = require('stream');
const { isSharedArrayBuffer } = require('util').types;

const convert = require('./binary-type');
const { Decoder, DecodedKind } = require('./binding');
const { BINARY_TYPES, EMPTY_BUFFER } = require('./constants');
const { concat } = require('./data');
const { protocolError } = require('./errors');
const { guarded, isInternalError } = require('./internal-error');
const PerMessageDeflate = require('./permessage-deflate');

const { Piece, Fragment, Text, Binary } = DecodedKind;
const { Ping, Pong, Close } = DecodedKind;

/** A record is its kind, the start and the end of its payload, and a status code. */
const RECORD_FIELDS = 4;

const decode = guarded((decoder, ...args) => decoder.decode(...args));

/** Records that are decoded at once. */
const RECORDS = 16;

/** What is wrong with a message that is not what it should be once it is decompressed. */
const TOO_LONG = {
  message: 'Max payload size exceeded',
  code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  closeCode: 1009,
  isRangeError: true
};
const INVALID_UTF8 = {
  message: 'Invalid WebSocket frame: invalid UTF-8 sequence',
  code: 'WS_ERR_INVALID_UTF8',
  closeCode: 1007,
  isRangeError: false
};

/**
 * Receives frames, whatever brings their bytes (RFC 6455 §6.2): they are written to it, and it emits
 * `'message'`, `'ping'`, `'pong'` and `'conclude'`; `'error'` if they break the protocol.
 *
 * As with ws, payloads are unmasked in the memory that was written, and given out without a copy if
 * they came in one piece: what was written belongs to the receiver.
 *
 * @extends Writable
 */
class Receiver extends Writable {
  /**
   * @param {Object} [options]
   * @param {Boolean} [options.allowSynchronousEvents=true] Whether several `'message'`, `'ping'` and
   *     `'pong'` events may be emitted in one tick
   * @param {String} [options.binaryType='nodebuffer'] What binary messages are given as
   * @param {Object} [options.extensions] The extensions that were agreed on, by their names: the one
   *     that has a meaning is a `PerMessageDeflate`
   * @param {Boolean} [options.isServer=false] Whether the peer is a client, which masks
   * @param {Number} [options.maxBufferedChunks=0] Chunks that one frame may take; 0: any number
   * @param {Number} [options.maxFragments=0] Fragments that a message may have; 0: any number
   * @param {Number} [options.maxPayload=0] Bytes that a message may have; 0: any number
   * @param {Boolean} [options.skipUTF8Validation=false] Whether text and reasons are taken as they
   *     come
   */
  constructor(options = {}) {
    super();

    const { allowSynchronousEvents = true } = options;

    this._allowSynchronousEvents = allowSynchronousEvents;
    this._binaryType = options.binaryType || BINARY_TYPES[0];
    this._maxPayload = limit(options.maxPayload) || Infinity;
    this._perMessageDeflate =
      options.extensions?.[PerMessageDeflate.extensionName] ?? null;
    this._skipUTF8Validation = Boolean(options.skipUTF8Validation);
    this._decoder = new Decoder(
      Boolean(options.isServer),
      limit(options.maxPayload),
      limit(options.maxFragments),
      limit(options.maxBufferedChunks),
      this._skipUTF8Validation,
      this._perMessageDeflate !== null
    );
    this._records = new Float64Array(RECORDS * RECORD_FIELDS);
    /** Records that are filled, and how many of them were looked at. */
    this._count = 0;
    this._cursor = 0;
    /** What is being decoded, and how far its events were emitted. */
    this._input = EMPTY_BUFFER;
    this._position = 0;
    /** An unfinished header or control frame. */
    this._rest = EMPTY_BUFFER;
    /** What has come of the unfinished frame, and before it of its message. */
    this._pieces = [];
    this._fragments = [];
    /** Bytes of the decompressed fragments. */
    this._length = 0;
    /** A close frame has come: what follows it is ignored. */
    this._concluded = false;
    /** The callback of the chunk. */
    this._callback = null;
  }

  /**
   * @param {Buffer} chunk The bytes
   * @param {String} encoding Of no meaning for bytes
   * @param {Function} cb Called when all events of the chunk were emitted, or with an error
   * @private
   */
  _write(chunk, encoding, cb) {
    if (this._concluded) {
      cb();
      return;
    }

    // Memory that another thread may write to is not for the native side.
    this._input =
      this._rest.length === 0 && !isSharedArrayBuffer(chunk.buffer)
        ? chunk
        : Buffer.concat([this._rest, chunk]);
    this._callback = cb;
    this._position = 0;
    if (this._decode()) this._run();
  }

  /** Decodes what comes next. Returns whether that went well. */
  _decode() {
    try {
      this._count = decode(
        this._decoder,
        this._input,
        this._position,
        this._records
      );
    } catch (error) {
      if (!isInternalError(error)) throw error;
      this._callback(error);
      return false;
    }

    this._cursor = 0;
    return true;
  }

  /** Emits events, until there are no more or one is to be waited for. */
  _run() {
    for (;;) {
      while (this._cursor < this._count) {
        if (!this._next()) return;
      }

      if (this._count < RECORDS) break;
      if (!this._decode()) return;
    }

    // A copy, as it may be small and the chunk large.
    this._rest =
      this._position === this._input.length || this._concluded
        ? EMPTY_BUFFER
        : Buffer.from(this._input.subarray(this._position));
    this._input = EMPTY_BUFFER;
    this._callback();
  }

  /** Handles the next record. Returns whether the one behind it may follow at once. */
  _next() {
    const at = this._cursor++ * RECORD_FIELDS;
    const start = this._records[at + 1];
    const end = this._records[at + 2];
    const code = this._records[at + 3];
    const payload =
      start === end ? EMPTY_BUFFER : this._input.subarray(start, end);
    const kind = this._records[at];

    this._position = end;

    switch (kind) {
      case Piece:
        this._addPiece(payload);
        return true;
      case Fragment:
      case Text:
      case Binary:
        this._addPiece(payload);
        // Of a data frame the code says whether it is compressed.
        if (code !== 0) return this._decompress(kind);
        this._endFrame();
        return kind === Fragment || this._deliverMessage(kind);
      case Ping:
        return this._deliver('ping', payload);
      case Pong:
        return this._deliver('pong', payload);
      case Close:
        this._concluded = true;
        this.emit('conclude', code, payload);
        this.end();
        return true;
      default:
        this._callback(protocolError(this._decoder.error()));
        return false;
    }
  }

  /** Emits a message that is complete. */
  _deliverMessage(kind) {
    const isBinary = kind === Binary;
    const data = isBinary ? this._endBinaryMessage() : this._endMessage();
    return this._deliver('message', isBinary ? data : concat(data), isBinary);
  }

  /** Decompresses a frame. What is behind it waits. */
  _decompress(kind) {
    const frame = concat(this._pieces);

    this._pieces = [];
    this._perMessageDeflate.decompress(
      frame,
      kind !== Fragment,
      (err, data) => {
        const error = err || this._addDecompressed(data, kind);

        if (error) this._callback(error);
        else if (kind === Fragment || this._deliverMessage(kind)) this._run();
      }
    );
    return false;
  }

  /** Takes a decompressed frame. Returns the error if that must not be. */
  _addDecompressed(data, kind) {
    this._length += data.length;
    if (this._length > this._maxPayload) return protocolError(TOO_LONG);

    if (data.length !== 0) this._fragments.push(data);
    if (kind === Fragment) return null;

    this._length = 0;
    if (kind === Binary || this._skipUTF8Validation) return null;

    const text = concat(this._fragments);

    this._fragments = [text];
    return isUtf8(text) ? null : protocolError(INVALID_UTF8);
  }

  /** Emits an event, now or in a macrotask of its own. Returns whether it was now. */
  _deliver(event, ...args) {
    if (this._allowSynchronousEvents) {
      this.emit(event, ...args);
      return true;
    }

    setImmediate(() => {
      this.emit(event, ...args);
      this._run();
    });
    return false;
  }

  _addPiece(payload) {
    if (payload.length !== 0) this._pieces.push(payload);
  }

  _endFrame() {
    if (this._pieces.length === 0) return;
    this._fragments.push(concat(this._pieces));
    this._pieces = [];
  }

  /** Takes the fragments of the message, but those that are empty. */
  _endMessage() {
    if (this._fragments.length === 0) return [];

    const fragments = this._fragments;
    this._fragments = [];
    return fragments;
  }

  _endBinaryMessage() {
    const fragments = this._endMessage();

    switch (this._binaryType) {
      case 'nodebuffer':
      case 'arraybuffer':
        return convert(concat(fragments), this._binaryType, null);
      case 'blob':
        return new Blob(fragments);
      default:
        return fragments;
    }
  }
}

/** A limit as ws takes it: a 32-bit number, and none if it is not above 0. */
function limit(value) {
  return Math.max(value | 0, 0);
}

module.exports = Receiver;
