'use strict';

const { isUint8Array } = require('util').types;

const binding = require('./binding');
const { EMPTY_BUFFER } = require('./constants');
const { guarded } = require('./internal-error');

const closeFrame = guarded(binding.closeFrame);

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

  const hasReason = reason !== undefined && reason.length;
  const frame = closeFrame(
    typeof code === 'number' ? code : NaN,
    hasReason ? bytesOf(reason) : EMPTY_BUFFER
  );

  if (frame.misuse !== undefined) {
    throw new (frame.isRangeError ? RangeError : TypeError)(frame.misuse);
  }

  if (hasReason && typeof reason !== 'string' && !isUint8Array(reason)) {
    throw new TypeError('Second argument must be a string or a Uint8Array');
  }

  return frame.payload;
}

/** The bytes of a reason; of one that has the wrong type, as many as it has. */
function bytesOf(reason) {
  if (typeof reason === 'string') return Buffer.from(reason);
  return isUint8Array(reason)
    ? reason
    : Buffer.alloc(Buffer.byteLength(reason));
}

module.exports = closePayload;
