'use strict';

// RFC 6455 §5.1 to §5.3: the bytes of a frame.

const { BOTH, CLIENT, FAILS, SERVER } = require('../vocabulary');

const RESERVED = [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf];

const OVERLONG = 'the rule binds who sends; ws reads what others send so';

/** Messages whose lengths are at the borders of the three encodings. */
const LENGTHS = [
  [0, '82 00 |'],
  [125, '82 7d | 61*125'],
  [126, '82 7e 007e | 61*126'],
  [65_535, '82 7e ffff | 61*65535'],
  [65_536, '82 7f 0000000000010000 | 61*65536']
];

/** Has a client send many messages, small and large, and control frames. */
function sendMany(ws) {
  for (let i = 0; i < 100; i++) ws.send('same');
  ws.send(Buffer.alloc(70_000));
  for (let i = 0; i < 20; i++) ws.ping('same');
}

module.exports = [
  {
    at: '5.1',
    roles: SERVER,
    requires: 'a frame that is not masked closes the connection',
    sends: { server: '81 01 61' },
    sees: FAILS
  },
  ...[
    ['ping', '89 00'],
    ['pong', '8a 00'],
    ['close', '88 02 03e8']
  ].map(([name, server]) => ({
    at: '5.1',
    roles: SERVER,
    requires: `a ${name} frame that is not masked closes the connection`,
    sends: { server },
    sees: FAILS
  })),
  {
    at: '5.1',
    roles: SERVER,
    requires: 'a continuation that is not masked closes the connection',
    sends: { server: '01 81 00000000 61 80 01 61' },
    sees: FAILS
  },
  {
    at: '5.1',
    roles: SERVER,
    requires: 'no frame that is sent is masked, of data, ping, pong and close',
    app: (ws) => {
      ws.send('a');
      ws.ping('b');
      ws.pong('c');
      ws.close(1000);
    },
    sees: 'text 61, ping 62, pong 63, close 1000, end',
    sends: ['88 02 | 03e8']
  },
  {
    at: '5.1',
    roles: CLIENT,
    requires: 'all frames that are sent are masked, of data, ping, pong, close',
    app: (ws) => {
      ws.send('a');
      ws.ping('b');
      ws.pong('c');
      ws.close(1000);
    },
    sees: 'text 61, ping 62, pong 63, close 1000, end',
    sends: ['88 02 | 03e8']
  },
  ...[
    ['text', '81 81 37fa213d 56'],
    ['ping', '89 80 37fa213d'],
    ['close', '88 82 37fa213d 3412'],
    ['continuation', '01 01 61 80 81 37fa213d 56']
  ].map(([name, client]) => ({
    at: '5.1',
    roles: CLIENT,
    requires: `a masked frame closes the connection (${name})`,
    sends: { client },
    sees: FAILS
  })),

  ...[
    ['RSV1', 'c1', 'c9'],
    ['RSV2', 'a1', 'a9'],
    ['RSV3', '91', '99']
  ].flatMap(([bit, data, control]) => [
    {
      at: '5.2',
      roles: BOTH,
      requires: `${bit} of a data frame, without an extension for it, fails the connection`,
      sends: [`${data} 01 | 61`],
      sees: FAILS
    },
    {
      at: '5.2',
      roles: BOTH,
      requires: `${bit} of a control frame, without an extension for it, fails the connection`,
      sends: [`${control} 01 | 61`],
      sees: FAILS
    }
  ]),
  {
    at: '5.2',
    roles: BOTH,
    requires: 'RSV2 fails the connection where an extension uses RSV1 only',
    deflate: 'permessage-deflate',
    sends: ['e1 07 | f248cdc9c90700'],
    sees: FAILS
  },
  {
    at: '5.2',
    roles: BOTH,
    requires: 'RSV3 fails the connection where an extension uses RSV1 only',
    deflate: 'permessage-deflate',
    sends: ['91 05 | 48656c6c6f'],
    sees: FAILS
  },
  {
    at: '5.2',
    roles: BOTH,
    requires:
      'RSV bits are 0 in what is sent without an extension: text, binary, ping, close',
    app: (ws) => {
      ws.send('a');
      ws.send(Buffer.from('b'), { compress: true });
      ws.ping();
      ws.close();
    },
    sends: ['88 00 |'],
    sees: 'text 61, binary 62, ping, close, end'
  },
  ...RESERVED.map((opcode) => ({
    at: '5.2',
    roles: BOTH,
    requires: `the opcode 0x${opcode.toString(16)}, which is reserved, fails the connection`,
    sends: [`${(0x80 | opcode).toString(16)} 01 | 61`],
    sees: FAILS
  })),
  ...LENGTHS.flatMap(([length, frame]) => [
    {
      at: '5.2',
      roles: BOTH,
      requires: `a payload of ${length} bytes is read, and sent with the shortest length`,
      sends: [frame],
      sees: `binary${length ? ` 61*${length}` : ''}, open`
    }
  ]),
  {
    at: '5.2',
    roles: BOTH,
    requires: 'a 64-bit length whose most significant bit is set is refused',
    sends: ['82 7f 8000000000000001 | 61'],
    sees: /^close (1002|1009), end$/
  },
  {
    at: '5.2',
    roles: BOTH,
    requires: 'a 64-bit length with all bits set is refused',
    sends: ['82 7f ffffffffffffffff | 61'],
    sees: /^close (1002|1009), end$/
  },
  ...[
    ['16 bits, of a length of 5', '82 7e 0005 | 61*5', '61*5'],
    ['16 bits, of a length of 125', '82 7e 007d | 61*125', '61*125'],
    ['64 bits, of a length of 5', '82 7f 0000000000000005 | 61*5', '61*5'],
    [
      '64 bits, of a length of 65535',
      '82 7f 000000000000ffff | 61*65535',
      '61*65535'
    ]
  ].map(([what, frame, payload]) => ({
    at: '5.2',
    roles: BOTH,
    requires: `a length is encoded in as few bytes as possible: not in ${what}`,
    sends: [frame],
    sees: FAILS,
    tolerates: { sees: `binary ${payload}, open`, because: OVERLONG }
  })),
  {
    at: '5.2',
    roles: BOTH,
    requires:
      'a control frame whose length of 5 is encoded in 16 bits fails the connection',
    sends: ['89 7e 0005 | 61*5'],
    sees: FAILS
  },
  {
    at: '5.2',
    roles: BOTH,
    requires: 'lengths are in network byte order, 16 bits',
    sends: ['82 7e 0102 | 61*258'],
    sees: 'binary 61*258, open'
  },

  {
    at: '5.3',
    roles: SERVER,
    requires: 'the key is applied to each octet by its index modulo 4',
    sends: { server: '82 89 01020408 606365696063656960' },
    sees: 'binary 61*9, open'
  },
  {
    at: '5.3',
    roles: SERVER,
    requires: 'a key of zeros is a key',
    sends: { server: '82 83 00000000 616263' },
    sees: 'binary 616263, open'
  },
  {
    at: '5.3',
    roles: SERVER,
    requires: 'each frame is unmasked by its own key',
    sends: {
      server: '02 82 01010101 6060 00 81 ffffffff 9e 80 82 00000001 6161'
    },
    sees: 'binary 61*5, open'
  },
  {
    at: '5.3',
    roles: CLIENT,
    requires: 'each frame gets a fresh key',
    app: sendMany,
    reads: (frames) => {
      const keys = new Set(frames.map(({ key }) => key?.toString('hex')));
      return `${frames.length} frames, ${keys.size} keys`;
    },
    sees: '121 frames, 121 keys'
  },
  {
    at: '5.3',
    roles: CLIENT,
    requires: 'a key does not tell the next one: their differences differ',
    app: sendMany,
    reads: (frames) => {
      const keys = frames.map(({ key }) => key.readUInt32BE(0));
      const steps = keys.slice(1).map((key, i) => (key - keys[i]) >>> 0);
      return `${steps.length} steps, ${new Set(steps).size} of them`;
    },
    sees: '120 steps, 120 of them'
  },
  {
    at: '5.3',
    roles: CLIENT,
    requires: 'the length does not include that of the key',
    app: (ws) => ws.send('abc'),
    sees: 'text 616263, open'
  }
];
