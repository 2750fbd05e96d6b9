'use strict';

// What clients send: text messages, which are JSON objects with a `type`, and
// pictures, which are binary. public/protocol.js is the other side of this.
//
// A picture is a piece of a WebM recording behind eight bytes:
//
//   0        1        2                 4                          8
//   +--------+--------+-----------------+--------------------------+------
//   |  0x01  | flags  |    reserved     |  sender's id, big-endian | WebM …
//   +--------+--------+-----------------+--------------------------+------
//
// The client leaves the id 0; the server writes it. Flag 0x01 says that a
// recording starts here, so that a receiver may start here too.

const PICTURE_VERSION = 0x01;
const PICTURE_HEADER_BYTES = 8;
const FLAG_START = 0x01;

const MAX_PICTURE_BYTES = 1024 * 1024;
const MAX_TEXT_BYTES = 4096;
const MAX_NAME_LENGTH = 24;
const MAX_LINE_LENGTH = 500;
const CAMERA_TYPES = ['video/webm;codecs=vp8', 'video/webm;codecs=vp9'];

/** Returns a message with exactly the fields its type has, or null. */
function parseMessage(data) {
  if (data.length > MAX_TEXT_BYTES) return null;

  let value;

  try {
    value = JSON.parse(data.toString());
  } catch {
    return null;
  }

  if (typeof value !== 'object' || value === null) return null;

  const { type } = value;

  switch (type) {
    case 'chat': {
      const text = cleanLine(value.text);
      return text ? { type, text } : null;
    }
    case 'name': {
      const name = cleanName(value.name);
      return name ? { type, name } : null;
    }
    case 'camera': {
      const { camera } = value;
      const isKnown = camera === null || CAMERA_TYPES.includes(camera);
      return isKnown ? { type, camera } : null;
    }
    case 'refresh': {
      const { id } = value;
      return Number.isInteger(id) ? { type, id } : null;
    }
    case 'ping': {
      const { at } = value;
      return Number.isFinite(at) ? { type, at } : null;
    }
    default:
      return null;
  }
}

/** Returns `{ isStart }`, or null where the bytes are no picture. */
function parsePicture(data) {
  if (data.length <= PICTURE_HEADER_BYTES) return null;
  if (data[0] !== PICTURE_VERSION) return null;
  if ((data[1] & ~FLAG_START) !== 0) return null;
  if (data.readUInt16BE(2) !== 0 || data.readUInt32BE(4) !== 0) return null;

  return { isStart: data[1] === FLAG_START };
}

/** Writes the id of the client that `data` came from into its header. */
function stampPicture(data, id) {
  data.writeUInt32BE(id, 4);
}

// Marks that turn the direction of all that follows, or that cannot be seen.
// U+200D, which joins emoji, stays.
const DECEPTIVE =
  /[\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

function cleanLine(text) {
  if (typeof text !== 'string') return '';

  const line = text
    .toWellFormed()
    .replace(DECEPTIVE, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();

  return truncate(line, MAX_LINE_LENGTH).trimEnd();
}

function cleanName(text) {
  const line = cleanLine(text).replace(/\s+/g, ' ');

  return truncate(line, MAX_NAME_LENGTH).trimEnd();
}

/** Cuts after `length` characters, not within one. */
function truncate(text, length) {
  if (text.length <= length) return text;

  return Array.from(text).slice(0, length).join('');
}

module.exports = {
  MAX_LINE_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PICTURE_BYTES,
  PICTURE_HEADER_BYTES,
  cleanName,
  parseMessage,
  parsePicture,
  stampPicture
};
