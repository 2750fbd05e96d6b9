'use strict';

const { toArrayBuffer } = require('./data');

/**
 * Makes of a binary message what `binaryType` asks for.
 *
 * @param {Buffer} data The message
 * @param {String} type The value of `binaryType`
 * @param {(Buffer|null)} ends Where its fragments end, as little-endian 32-bit numbers, if there
 *     are several
 * @return {(Buffer|ArrayBuffer|Blob|Buffer[])} The message
 */
function convert(data, type, ends) {
  if (type === 'nodebuffer') return data;
  if (type === 'arraybuffer') return toArrayBuffer(data);
  if (type === 'blob') return new Blob([data]);
  if (ends === null) return data.length === 0 ? [] : [data];

  const fragments = [];
  let start = 0;

  for (let i = 0; i < ends.length; i += 4) {
    const end = ends.readUInt32LE(i);
    fragments.push(data.subarray(start, end));
    start = end;
  }

  return fragments;
}

module.exports = convert;
