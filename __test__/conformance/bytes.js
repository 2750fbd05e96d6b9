'use strict';

// What the cases are written in: frames as hex, heads of requests and responses as lines.

/** The key by which peers mask what they send to a server. */
const MASKING_KEY = Buffer.from('37fa213d', 'hex');

/**
 * Makes bytes of hex. Blanks are ignored, and `61*5` is the byte 0x61 five times.
 *
 * @param {String} text The hex
 * @return {Buffer} The bytes
 */
function hex(text) {
  const parts = text
    .trim()
    .split(/\s+/)
    .map((part) => {
      const [bytes, times = '1'] = part.split('*');
      return Buffer.alloc((bytes.length / 2) * Number(times), bytes, 'hex');
    });

  return text.trim() === '' ? Buffer.alloc(0) : Buffer.concat(parts);
}

/**
 * Makes the frame that a case has written down as `header | payload`, without a mask.
 *
 * @param {String} text The frame, as hex
 * @param {Boolean} isMasked Whether it goes to a server: the mask is added
 * @return {Buffer} The frame
 */
function frame(text, isMasked) {
  const [header, payload] = text.split('|').map(hex);

  if (!isMasked) return Buffer.concat([header, payload]);
  header[1] |= 0x80;
  for (let i = 0; i < payload.length; i++) payload[i] ^= MASKING_KEY[i & 3];
  return Buffer.concat([header, MASKING_KEY, payload]);
}

/**
 * Makes the head of a request or of a response.
 *
 * @param {String} start Its first line
 * @param {String[]} fields Its header fields, `Name: value`
 * @param {Object} [change]
 * @param {String} [change.start] Another first line
 * @param {String[]} [change.with] More header fields, behind the others
 * @param {String[]} [change.without] Names of those that are left out
 * @return {Buffer} The head
 */
function head(start, fields, change = {}) {
  const without = change.without ?? [];
  const lines = [
    change.start ?? start,
    ...fields.filter((field) => !without.includes(field.split(':')[0])),
    ...(change.with ?? [])
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Writes bytes as the cases do: `61*5` if all are the same and there are more than four. */
function show(bytes) {
  const text = bytes.toString('hex');
  const first = text.slice(0, 2);
  const isRun = bytes.length > 4 && bytes.every((byte) => byte === bytes[0]);
  return isRun ? `${first}*${bytes.length}` : text;
}

module.exports = { frame, head, hex, show };
