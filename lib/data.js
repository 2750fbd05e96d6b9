'use strict';

// The global is a getter, which would be called for each message.
const { Buffer } = require('buffer');

const { EMPTY_BUFFER } = require('./constants');

const FastBuffer = Buffer[Symbol.species];

/** The length of a typed array, whatever somebody defined on it; throws if it is none. */
const lengthOf = Function.prototype.call.bind(
  Object.getOwnPropertyDescriptor(
    Object.getPrototypeOf(Uint8Array.prototype),
    'length'
  ).get
);

/**
 * Converts what a user passed to bytes, without a copy where it has some.
 *
 * @param {*} data A `Buffer`, `ArrayBuffer`, typed array, `DataView`, or what `Buffer.from()` takes
 * @return {Buffer} The bytes
 * @throws {TypeError} If `Buffer.from()` does not take it, or it only looks like a `Buffer`
 */
function toBuffer(data) {
  if (Buffer.isBuffer(data)) {
    const length = lengthOf(data);
    if (length === data.length) return data;
    return new FastBuffer(data.buffer, data.byteOffset, length);
  }

  if (data instanceof ArrayBuffer) return new FastBuffer(data);
  if (ArrayBuffer.isView(data)) {
    return new FastBuffer(data.buffer, data.byteOffset, data.byteLength);
  }

  return Buffer.from(data);
}

/**
 * Converts a received message to an `ArrayBuffer` of its own.
 *
 * @param {Buffer} data The message
 * @return {ArrayBuffer} Its bytes
 */
function toArrayBuffer(data) {
  const { buffer, byteOffset, length } = data;
  if (length === buffer.byteLength) return buffer;
  return buffer.slice(byteOffset, byteOffset + length);
}

/**
 * @param {*} value Any value
 * @return {Boolean} Whether it is a `Blob` or a `File`
 */
function isBlob(value) {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof value.arrayBuffer === 'function' &&
    typeof value.type === 'string' &&
    typeof value.stream === 'function' &&
    (value[Symbol.toStringTag] === 'Blob' ||
      value[Symbol.toStringTag] === 'File')
  );
}

/**
 * Counts the bytes of a payload.
 *
 * @param {(Blob|Buffer|String)} payload The payload
 * @return {Number} How many bytes it has when it is sent
 */
function byteLength(payload) {
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  return isBlob(payload) ? payload.size : payload.length;
}

/**
 * Joins buffers, without a copy if there is but one.
 *
 * @param {Buffer[]} list The buffers
 * @return {Buffer} Their bytes
 */
function concat(list) {
  if (list.length === 0) return EMPTY_BUFFER;
  return list.length === 1 ? list[0] : Buffer.concat(list);
}

module.exports = { byteLength, concat, isBlob, toArrayBuffer, toBuffer };
