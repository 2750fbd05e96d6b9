'use strict';

// What both ends of the churn know: which bytes are a connection's own, and how it goes.

/** Lengths on both sides of the limits at which bytes take another way. */
const LENGTHS = [12, 125, 126, 300, 1000, 4096, 12, 40, 16_384, 12, 70_000];

/** How a connection goes. The second digit of its number says which library its client is of. */
const WAYS = [
  'close',
  'reset',
  'end in a frame',
  'reset in a frame',
  'terminated by the server',
  'closed by the server',
  'reset at once',
  'protocol error',
  'reset with bytes under way',
  'end'
];

function wayOf(number) {
  return WAYS[number % WAYS.length];
}

/** Whether the client of a connection is one of the library, and not a bare socket. */
function isOfLibrary(number) {
  return number % 40 >= 30;
}

/** Whether both ends of a connection ping: three in seven, of all ways and all clients. */
function pings(number) {
  return number % 7 < 3;
}

/** A payload of a connection, and of no other one: each of its bytes is of `<number>`. */
function payloadOf(number, length = LENGTHS[number % LENGTHS.length]) {
  return Buffer.alloc(length, `<${number}>`);
}

/** What its server sends: a greeting, an answer, and what is under way when it is reset. */
function messagesOf(number) {
  const messages = [payloadOf(number), payloadOf(number)];
  if (wayOf(number) === 'reset with bytes under way') {
    messages.push(payloadOf(number, 300_000));
  }
  return messages;
}

/** The reason of its close frame, and the payload of its pings. */
function reasonOf(number) {
  return `<${number}>`;
}

/** The key of its request. */
function keyOf(number) {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(number, 12);
  return key.toString('base64');
}

module.exports = {
  isOfLibrary,
  keyOf,
  messagesOf,
  payloadOf,
  pings,
  reasonOf,
  wayOf
};
