'use strict';

// What is said during a soak. A message is a head of 20 bytes and a body:
//
//   E 0000002a 1f3870be …
//   │ │        └ the first 32 bits of the SHA-1 of everything else
//   │ └ its number on its connection, in its direction
//   └ what it is for

const crypto = require('node:crypto');

const HEAD = 20;
const MIB = 1024 * 1024;

/** What a message is for. */
const KIND = {
  /** To the server: send this back. */
  ECHO: 'E',
  /** To the server: nothing is to be done. */
  SAY: 'S',
  /** To the server: send this to all in the room. */
  BROADCAST: 'B',
  /** To the server: close the connection. */
  KICK: 'K',
  /** To a client: the number of the next broadcast of its room. */
  WELCOME: 'W',
  /** To a client: a broadcast. */
  ROOM: 'R'
};

/** Of four bytes each, so that a text may be cut anywhere between two. */
const SYLLABLES = ['fern', 'rows', 'and ', 'äö', '€,', '😀', 'the ', 'soak'];

const noise = crypto.randomBytes(2 * MIB);
const text = Buffer.from(
  Array.from(
    { length: MIB / 2 },
    () => SYLLABLES[Math.floor(Math.random() * SYLLABLES.length)]
  ).join('')
);

/** A body of about so many bytes; one of text is valid UTF-8. */
function body(length, isText) {
  const pool = isText ? text : noise;
  const size = isText ? length & ~3 : length;
  const from = Math.floor(Math.random() * (pool.length - size));
  const start = isText ? from & ~3 : from;
  return pool.subarray(start, start + size);
}

function checksum(start, content) {
  return crypto
    .createHash('sha1')
    .update(start)
    .update(content)
    .digest('hex')
    .slice(0, 8);
}

function make(kind, number, content) {
  const start = `${kind} ${number.toString(16).padStart(8, '0')} `;
  const message = Buffer.allocUnsafe(HEAD + content.length);
  message.latin1Write(`${start}${checksum(start, content)} `, 0);
  content.copy(message, HEAD);
  return message;
}

/** Takes a message apart; `intact` says whether it is what was sent. */
function parse(message) {
  const start = message.latin1Slice(0, 11);
  const sum = message.latin1Slice(11, 19);
  return {
    kind: start[0],
    number: Number.parseInt(start.slice(2, 10), 16),
    intact: sum === checksum(start, message.subarray(HEAD))
  };
}

/** A size between 0 and 1 MiB, mostly a small one. */
function size() {
  const dice = Math.random();
  if (dice < 0.05) return 0;
  if (dice < 0.6) return Math.random() * 125;
  if (dice < 0.95) return Math.random() * 4096;
  if (dice < 0.99) return Math.random() * 65_536;
  if (dice < 0.998) return Math.random() * 262_144;
  return Math.random() * (MIB - HEAD) + HEAD;
}

module.exports = {
  body,
  HEAD,
  KIND,
  make,
  parse,
  size: () => Math.floor(size())
};
