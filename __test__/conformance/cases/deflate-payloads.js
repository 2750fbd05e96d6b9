'use strict';

// RFC 7692 §7.2: what the payload of a compressed message is.

const { noise } = require('../../deflate/support');
const { BOTH, CLIENT, SERVER } = require('../vocabulary');

const NAME = 'permessage-deflate';

/** "Hello", compressed: RFC 7692 §7.2.3.1. */
const HELLO = 'f248cdc9c90700';
const ECHOED = 'compressed text 48656c6c6f';

/** A connection fails because data cannot be decompressed. */
const DAMAGED = 'close 1007, end';

/** A block of 32768 bytes 0x61 or the like that is not compressed takes a length and its complement. */
const STORED_8000 = '00 0080 ff7f';

/** Noise of a size, twice: it can be compressed only by who refers to what is that far away. */
function sendTwice(length) {
  const data = noise(length);
  return (ws) => {
    ws.send(data);
    ws.send(data);
  };
}

/** How many bytes two messages take. */
function sizes(limit) {
  return (frames) => {
    const [first, second] = frames.map(({ payload }) => payload.length);
    const isCompressed = frames.every(({ first }) => first & 0x40);
    if (!isCompressed) return 'not compressed';
    return second > first * limit ? 'the same again' : 'a reference';
  };
}

/** Noise, then the same noise within one message. */
function sendDouble(length) {
  const data = noise(length);
  return (ws) => ws.send(Buffer.concat([data, data]));
}

/** Whether a message took more bytes than one half of it. */
function whole(length) {
  return ([{ first, payload }]) => {
    if (!(first & 0x40)) return 'not compressed';
    return payload.length > length * 1.9 ? 'no reference' : 'a reference';
  };
}

const decompression = [
  {
    requires: 'a message in one compressed block is received',
    sends: [`c1 07 | ${HELLO}`],
    sees: `${ECHOED}, open`
  },
  {
    requires: 'a message that refers to the one before is received',
    sends: [`c1 07 | ${HELLO}`, 'c1 05 | f200110000'],
    sees: `${ECHOED}, ${ECHOED}, open`
  },
  {
    requires: 'a message in a block without compression is received',
    sends: ['c1 0b | 000500faff48656c6c6f00'],
    sees: `${ECHOED}, open`
  },
  {
    requires: 'a message in a block with BFINAL is received',
    sends: ['c1 08 | f348cdc9c9070000'],
    sees: `${ECHOED}, open`
  },
  {
    requires: 'a message in two blocks is received',
    sends: ['c1 0d | f248050000 00ffff cac9c90700'],
    sees: `${ECHOED}, open`
  },
  {
    requires: 'an empty message is the byte 0x00',
    sends: ['c1 01 | 00'],
    sees: 'compressed text, open'
  },
  {
    requires: 'a fragment without data is the byte 0x00 as the last one',
    sends: ['41 0b | f248cdc9c90700 0000ffff', '80 01 | 00'],
    sees: `${ECHOED}, open`
  }
].map((each) => ({ at: '7.2.3', ...each }));

const windows = [
  {
    at: '7.2.2',
    requires: 'a reference over 32768 bytes, the whole window, is followed',
    // 32768 bytes that are not compressed; then, of static codes, 3 bytes from 32768 back.
    sends: [
      `c2 7e 8006 | ${STORED_8000} 6263 61*32766 00`,
      'c2 05 | 02deff0f00'
    ],
    sees: /^compressed binary 6263.*, compressed binary 626361, open$/
  },
  {
    at: '7.2.2',
    requires:
      'the window is kept from a message that ends in a block with BFINAL',
    sends: ['c1 08 | f348cdc9c9070000', 'c1 05 | f200110000'],
    sees: `${ECHOED}, ${ECHOED}, open`,
    violates: {
      by: ['ws'],
      because: 'it starts anew behind such a message, and fails the next one'
    }
  },
  {
    at: '7.2.2',
    requires: 'a reference to before the first byte fails the connection',
    sends: ['c2 05 | f200110000'],
    sees: DAMAGED
  },
  {
    at: '7.2.2',
    roles: SERVER,
    requires:
      'what the other side promised to forget need not be kept, and may be',
    deflate: `${NAME}; client_no_context_takeover`,
    sends: [`c1 07 | ${HELLO}`, `c1 07 | ${HELLO}`],
    sees: `${ECHOED}, ${ECHOED}, open`
  },
  {
    at: '7.2.2',
    roles: CLIENT,
    requires:
      'what the other side promised to forget need not be kept, and may be',
    deflate: `${NAME}; server_no_context_takeover`,
    sends: [`c1 07 | ${HELLO}`, `c1 07 | ${HELLO}`],
    sees: `${ECHOED}, ${ECHOED}, open`
  }
];

/** What a sender may do, by its role: the parameter that limits it begins with its name. */
const compression = [SERVER, CLIENT].flatMap((roles) => {
  const [own] = roles;
  return [
    {
      roles,
      requires: `after ${own}_no_context_takeover each message starts with an empty window`,
      deflate: `${NAME}; ${own}_no_context_takeover`,
      app: sendTwice(2000),
      reads: sizes(0.9),
      sees: 'the same again'
    },
    {
      roles,
      requires: `without ${own}_no_context_takeover the window may be taken over`,
      deflate: NAME,
      app: sendTwice(2000),
      reads: sizes(0.9),
      sees: ['the same again', 'a reference']
    },
    ...[8, 9, 10, 12, 14].map((bits) => ({
      roles,
      requires: `after ${own}_max_window_bits=${bits} nothing is referred to over more than ${2 ** bits} bytes`,
      deflate: `${NAME}; ${own}_max_window_bits=${bits}`,
      app: sendDouble(2 ** bits + 1),
      reads: whole(2 ** bits + 1),
      sees: 'no reference'
    })),
    {
      roles,
      requires: `without ${own}_max_window_bits nothing is referred to over more than 32768 bytes`,
      deflate: NAME,
      app: sendDouble(32_769),
      reads: whole(32_769),
      sees: 'no reference'
    }
  ].map((each) => ({
    options: {
      maxPayload: 1 << 20,
      perMessageDeflate: { threshold: 0 }
    },
    ...each
  }));
});

const tails = [
  {
    requires:
      'the last fragment is sent without 00 00 ff ff, the others with it',
    app: (ws) => {
      ws.send('aa', { fin: false });
      ws.send('bb', { fin: true });
    },
    reads: (frames) =>
      frames
        .map(
          ({ payload }) => payload.subarray(-4).toString('hex') === '0000ffff'
        )
        .join(),
    sees: 'true,false'
  },
  {
    requires: 'a message that is sent ends without 00 00 ff ff',
    app: (ws) => ws.send('Hello'),
    reads: ([{ payload }], seen) =>
      payload.subarray(-4).toString('hex') === '0000ffff'
        ? payload.toString('hex')
        : seen.join(', '),
    sees: `${ECHOED}, open`
  },
  {
    requires: 'an empty message that is sent is the byte 0x00',
    app: (ws) => ws.send(''),
    reads: ([{ first, payload }]) =>
      first & 0x40 ? payload.toString('hex') : 'not compressed',
    sees: ['00', 'not compressed']
  },
  {
    requires: 'what is sent is what it decompresses to, over many messages',
    app: (ws) => {
      for (let i = 1; i <= 20; i++) ws.send(Buffer.alloc(i * 5, 0x61));
    },
    sees: `${Array.from(
      { length: 20 },
      (_, i) => `compressed binary 61*${(i + 1) * 5}`
    ).join(', ')}, open`
  }
];

module.exports = [
  ...[...compression, ...tails].map((each) => ({ at: '7.2.1', ...each })),
  ...windows,
  ...decompression
].map((each) => ({ roles: BOTH, deflate: NAME, ...each }));
