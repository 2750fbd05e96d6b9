'use strict';

const { isUint8Array } = require('util').types;

const { EMPTY_BUFFER } = require('./constants');

/** Bytes that a close frame has for its reason (RFC 6455 §5.5: 125, less the code's two). */
const MOST_REASON = 123;

/** Whether a status code may be sent in a close frame (RFC 6455 §7.4). */
function isValidStatusCode(code) {
  return (
    (code >= 1000 &&
      code <= 1014 &&
      code !== 1004 &&
      code !== 1005 &&
      code !== 1006) ||
    (code >= 3000 && code <= 4999)
  );
}

/**
 * Makes the payload of a close frame (RFC 6455 §5.5.1).
 *
 * @param {Number} [code] The status code
 * @param {(String|Uint8Array)} [reason] The reason, at most 123 bytes of UTF-8
 * @return {Buffer} The payload
 * @throws {TypeError} If the code may not be sent or the reason is of another type
 * @throws {RangeError} If the reason is too long
 */
function closePayload(code, reason) {
  if (code === undefined) return EMPTY_BUFFER;

  if (typeof code !== 'number' || !isValidStatusCode(code)) {
    throw new TypeError('First argument must be a valid error code number');
  }

  const length =
    reason === undefined || !reason.length ? 0 : Buffer.byteLength(reason);

  if (length > MOST_REASON) {
    throw new RangeError('The message must not be greater than 123 bytes');
  }

  const payload = Buffer.allocUnsafe(2 + length);
  payload.writeUInt16BE(code, 0);

  if (length !== 0) {
    if (typeof reason === 'string') {
      payload.write(reason, 2);
    } else if (isUint8Array(reason)) {
      payload.set(reason, 2);
    } else {
      throw new TypeError('Second argument must be a string or a Uint8Array');
    }
  }

  return payload;
}

module.exports = closePayload;
