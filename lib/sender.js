'use strict';

const { isAnyArrayBuffer } = require('util').types;

const binding = require('./binding');
const closePayload = require('./close-payload');
const { byteLength, isBlob, toBuffer } = require('./data');
const { leastLength } = require('./deflate-negotiation');
const { guarded, isInternalError } = require('./internal-error');
const { OPERATION } = require('./numbers');
const PerMessageDeflate = require('./permessage-deflate');

const applyMask = guarded(binding.applyMask);
const frameHeader = guarded(binding.frameHeader);

const { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } = OPERATION;

/** Bytes of a control frame's payload (RFC 6455 §5.5). */
const MOST_CONTROL_PAYLOAD = 125;

/** Bytes of a masking key (RFC 6455 §5.3). */
const KEY_LENGTH = 4;

/** Masking keys are made this many bytes at a time. */
const POOL_LENGTH = 8 * 1024;

const NO_KEY = Buffer.alloc(0);

/** Bytes of a payload that may be a string, which is then left a string. */
const kByteLength = Symbol('kByteLength');

const sharedKey = Buffer.alloc(KEY_LENGTH);
let pool = null;
let poolPosition = POOL_LENGTH;

/**
 * Sends frames to whatever takes their bytes (RFC 6455 §6.1).
 */
class Sender {
  /**
   * @param {Duplex} socket What frames are written to
   * @param {Object} [extensions] The extensions that were agreed on, by their names: the one that
   *     has a meaning is a `PerMessageDeflate`
   * @param {Function} [generateMask] Fills a `Buffer` of four bytes with a masking key; by default
   *     it is random
   */
  constructor(socket, extensions, generateMask) {
    this._extensions = extensions || {};
    this._generateMask = generateMask;
    // A user's function may keep the buffer: it shall see no other sender's keys.
    this._maskBuffer = generateMask ? Buffer.alloc(KEY_LENGTH) : undefined;
    this._socket = socket;
    this._firstFragment = true;
    /** The message is compressed whose fragments are being sent. */
    this._compressing = false;
    /** Bytes of the payloads that wait. */
    this._bufferedBytes = 0;
    /** What waits behind the `Blob` that is being read, or the frame that is being compressed. */
    this._queue = [];
    this._busy = false;
    /** Called with the error when a `Blob` could not be read, or a bug was met. Nothing is sent after it. */
    this.onerror = () => {};
  }

  /**
   * Frames a payload (RFC 6455 §5.2).
   *
   * @param {(Buffer|String)} data The payload; it is masked in place, unless it is `readOnly`
   * @param {Object} options
   * @param {Boolean} [options.fin=false] Whether it is the last frame of its message
   * @param {Function} [options.generateMask] Fills a `Buffer` of four bytes with the masking key;
   *     by default it is random
   * @param {Boolean} [options.mask=false] Whether it is masked
   * @param {Buffer} [options.maskBuffer] The buffer for the masking key
   * @param {Number} options.opcode The opcode
   * @param {Boolean} [options.readOnly=false] Whether `data` must not be changed
   * @param {Boolean} [options.rsv1=false] Whether the RSV1 bit is set
   * @return {(Buffer|String)[]} The header and the payload, in one piece or two
   */
  static frame(data, options) {
    const key = options.mask ? maskingKey(options) : NO_KEY;
    const isMasking = (key[0] | key[1] | key[2] | key[3]) !== 0;
    let payload = data;
    let length = data.length;
    let readOnly = options.readOnly;

    if (typeof data === 'string') {
      if (!isMasking && options[kByteLength] !== undefined) {
        length = options[kByteLength];
      } else {
        payload = Buffer.from(data);
        length = payload.length;
        readOnly = false;
      }
    }

    const header = frameHeader(
      options.opcode,
      Boolean(options.fin),
      Boolean(options.rsv1),
      key,
      length
    );

    if (length === 0) return [header];
    if (!isMasking) return [header, payload];

    if (readOnly) {
      const frame = Buffer.concat([header, payload]);
      applyMask(frame.subarray(header.length), key);
      return [frame];
    }

    applyMask(payload, key);
    return [header, payload];
  }

  /**
   * Sends a close frame.
   *
   * @param {Number} [code] The status code
   * @param {(String|Uint8Array)} [data] The reason, at most 123 bytes of UTF-8
   * @param {Boolean} [mask=false] Whether the frame is masked
   * @param {Function} [cb] Called when it was written, or with an error
   * @throws {TypeError} If the code may not be sent or the reason is of another type
   * @throws {RangeError} If the reason is too long
   */
  close(code, data, mask, cb) {
    const payload = closePayload(code, data);
    const frame = this._frame(payload, CLOSE, true, mask);

    frame.options.readOnly = false;
    this._submit(frame, cb);
  }

  /**
   * Sends a ping.
   *
   * @param {*} data The payload, at most 125 bytes
   * @param {Boolean} [mask=false] Whether the frame is masked
   * @param {Function} [cb] Called when it was written, or with an error
   * @throws {RangeError} If the payload is too long
   */
  ping(data, mask, cb) {
    this._sendControl(PING, data, mask, cb);
  }

  /**
   * Sends a pong.
   *
   * @param {*} data The payload, at most 125 bytes
   * @param {Boolean} [mask=false] Whether the frame is masked
   * @param {Function} [cb] Called when it was written, or with an error
   * @throws {RangeError} If the payload is too long
   */
  pong(data, mask, cb) {
    this._sendControl(PONG, data, mask, cb);
  }

  _sendControl(opcode, data, mask, cb) {
    const frame = this._frame(data, opcode, true, mask);

    if (frame.options[kByteLength] > MOST_CONTROL_PAYLOAD) {
      throw new RangeError(
        `The data size must not be greater than ${MOST_CONTROL_PAYLOAD} bytes`
      );
    }

    this._submit(frame, cb);
  }

  /**
   * Sends a message, or a fragment of one.
   *
   * @param {*} data The payload
   * @param {Object} options
   * @param {Boolean} [options.binary=false] Whether the message is binary
   * @param {Boolean} [options.compress=false] Whether the message is compressed; its first
   *     fragment says it
   * @param {Boolean} [options.fin=false] Whether it is the last fragment
   * @param {Boolean} [options.mask=false] Whether the frame is masked
   * @param {Function} [cb] Called when it was written, or with an error
   */
  send(data, options, cb) {
    const { binary, compress, fin, mask } = options;
    const opcode = binary ? BINARY : TEXT;
    const isFirst = this._firstFragment;
    const frame = this._frame(data, isFirst ? opcode : CONTINUATION, fin, mask);

    if (isFirst) {
      this._compressing =
        Boolean(compress) && this._isCompressible(frame.options[kByteLength]);
    }

    // RFC 7692 §6: "... set the "Per-Message Compressed" bit of the first fragment".
    frame.options.rsv1 = isFirst && this._compressing;
    frame.isCompressed = this._compressing;
    this._firstFragment = Boolean(fin);
    this._submit(frame, cb);
  }

  /** Whether a message is compressed whose first frame has so many bytes. */
  _isCompressible(length) {
    const agreed = this._extensions[PerMessageDeflate.extensionName];
    return agreed !== undefined && length >= leastLength(agreed);
  }

  /** Makes of data of any type a payload, and the options of `Sender.frame()` for it. */
  _frame(data, opcode, fin, mask) {
    const payload =
      typeof data === 'string' || isBlob(data) ? data : toBuffer(data);
    const options = {
      [kByteLength]: byteLength(payload),
      fin,
      generateMask: this._generateMask,
      mask,
      maskBuffer: this._maskBuffer,
      opcode,
      readOnly: isAnyArrayBuffer(data) || ArrayBuffer.isView(data),
      rsv1: false
    };

    return { payload, options, isCompressed: false };
  }

  /** Sends a frame when it is its turn. */
  _submit(frame, cb) {
    if (this._busy) {
      this._bufferedBytes += frame.options[kByteLength];
      this._queue.push({ frame, cb });
    } else if (isBlob(frame.payload)) {
      this._readBlob(frame, cb);
    } else if (frame.isCompressed) {
      this._compress(frame, cb);
    } else {
      this._send(frame.payload, frame.options, cb);
    }
  }

  _send(payload, options, cb) {
    let list;

    try {
      list = Sender.frame(payload, options);
    } catch (error) {
      this._failBroken(error, cb);
      return;
    }

    this.sendFrame(list, cb);
  }

  /** A bug of ours keeps a frame from being sent: nothing is sent after it. Throws other errors. */
  _failBroken(error, cb) {
    if (!isInternalError(error)) throw error;

    this._busy = true;
    process.nextTick(() => {
      this._fail(error, cb);
      this.onerror(error);
    });
  }

  _compress({ payload, options }, cb) {
    const agreed = this._extensions[PerMessageDeflate.extensionName];

    this._bufferedBytes += options[kByteLength];
    this._busy = true;

    agreed.compress(payload, options.fin, (err, bytes) => {
      if (isInternalError(err)) {
        this._failBroken(err, cb);
        return;
      }

      if (err || this._socket.destroyed) {
        const error = new Error(
          'The socket was closed while data was being compressed'
        );
        this._fail(error, cb);
        return;
      }

      this._bufferedBytes -= options[kByteLength];
      this._busy = false;
      options.readOnly = false;
      this._send(bytes, options, cb);
      this._dequeue();
    });
  }

  _readBlob(frame, cb) {
    const { payload, options } = frame;

    this._bufferedBytes += options[kByteLength];
    this._busy = true;

    payload
      .arrayBuffer()
      .then((bytes) => {
        if (this._socket.destroyed) {
          const error = new Error(
            'The socket was closed while the blob was being read'
          );
          process.nextTick(() => this._fail(error, cb));
          return;
        }

        this._bufferedBytes -= options[kByteLength];
        this._busy = false;
        this._submit({ ...frame, payload: toBuffer(bytes) }, cb);
        this._dequeue();
      })
      .catch((error) => {
        // In a tick of its own what a callback throws is an uncaught exception, not a rejection.
        process.nextTick(() => {
          this._fail(error, cb);
          this.onerror(error);
        });
      });
  }

  /** Sends what waits, up to what takes time again. */
  _dequeue() {
    while (!this._busy && this._queue.length !== 0) {
      const { frame, cb } = this._queue.shift();

      this._bufferedBytes -= frame.options[kByteLength];
      this._submit(frame, cb);
    }
  }

  /** Tells all that wait that nothing comes of it. They stay accounted for, as with ws. */
  _fail(error, cb) {
    if (typeof cb === 'function') cb(error);
    for (const { cb: callback } of this._queue) {
      if (typeof callback === 'function') callback(error);
    }
  }

  /**
   * Writes what `Sender.frame()` returned.
   *
   * @param {(Buffer|String)[]} list One or two pieces
   * @param {Function} [cb] Called when it was written, or with an error
   */
  sendFrame(list, cb) {
    if (list.length === 1) {
      this._socket.write(list[0], cb);
      return;
    }

    this._socket.cork();
    this._socket.write(list[0]);
    this._socket.write(list[1], cb);
    this._socket.uncork();
  }
}

/** Fills the buffer for the masking key, and returns it. */
function maskingKey({ generateMask, maskBuffer }) {
  const key = maskBuffer || sharedKey;

  if (generateMask) {
    generateMask(key);
    return key;
  }

  if (poolPosition === POOL_LENGTH) {
    pool ??= Buffer.alloc(POOL_LENGTH);
    // Servers need no keys, so they do not load cryptography.
    require('crypto').randomFillSync(pool);
    poolPosition = 0;
  }

  pool.copy(key, 0, poolPosition, poolPosition + KEY_LENGTH);
  poolPosition += KEY_LENGTH;
  return key;
}

module.exports = Sender;
