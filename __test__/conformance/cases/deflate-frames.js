'use strict';

// RFC 7692 §6: the frames of compressed messages.

const { BOTH, FAILS } = require('../vocabulary');

const NAME = 'permessage-deflate';

/** "Hello", compressed: RFC 7692 §7.2.3.1. */
const HELLO = 'f248cdc9c90700';
const ECHOED = 'compressed text 48656c6c6f';

/** A connection fails because data cannot be decompressed. */
const DAMAGED = 'close 1007, end';

const used = [
  ...[
    ['close', 'c8 02 | 03e8'],
    ['ping', 'c9 01 | 61'],
    ['pong', 'ca 01 | 61']
  ].map(([name, frame]) => ({
    at: '6',
    requires: `RSV1 of a ${name} frame fails the connection`,
    sends: [frame],
    sees: FAILS
  })),
  {
    at: '6',
    requires: 'RSV1 of a fragment that is not the first fails the connection',
    sends: ['41 03 | f248cd', 'c0 04 | c9c90700'],
    sees: FAILS
  },
  {
    at: '6',
    requires:
      'RSV1 of a fragment in the middle of an uncompressed message fails it',
    sends: ['01 03 | 616263', '40 03 | f248cd'],
    sees: FAILS
  },
  {
    at: '6',
    requires: 'RSV1 is never sent in control frames',
    app: (ws) => {
      ws.ping('a'.repeat(100));
      ws.pong('a'.repeat(100));
      ws.close(1000, 'a'.repeat(100));
    },
    sends: ['88 02 | 03e8'],
    sees: 'ping 61*100, pong 61*100, close 1000 61*100, end'
  },
  {
    at: '6',
    requires: 'RSV1 is sent in the first fragment only',
    app: (ws) => {
      ws.send('aa', { fin: false });
      ws.send('bb', { fin: true });
    },
    sees: 'compressed first text 6161, continuation 6262, open'
  },
  {
    at: '6',
    requires: 'the opcode of a compressed message is that of the original',
    sends: [`c2 07 | ${HELLO}`],
    sees: 'compressed binary 48656c6c6f, open'
  },
  {
    at: '6.1',
    requires: 'a message that is not compressed is sent with RSV1 at 0',
    app: (ws) => ws.send('Hello', { compress: false }),
    sees: 'text 48656c6c6f, open'
  },
  {
    at: '6.2',
    requires: 'a message with RSV1 at 0 is received as it is',
    sends: ['81 05 | 48656c6c6f'],
    sees: `${ECHOED}, open`
  },
  {
    at: '6.2',
    requires: 'compressed messages and others may alternate',
    sends: [`c1 07 | ${HELLO}`, '81 05 | 48656c6c6f', `c1 07 | ${HELLO}`],
    sees: `${ECHOED}, ${ECHOED}, ${ECHOED}, open`
  },
  {
    at: '6.2',
    requires: 'the fragments of a compressed message are decompressed together',
    sends: ['41 03 | f248cd', '80 04 | c9c90700'],
    sees: `${ECHOED}, open`
  },
  {
    at: '6.2',
    requires:
      'fragments of a compressed message may be empty, and have a ping between them',
    sends: ['41 00 |', `00 07 | ${HELLO}`, '89 01 | 61', '80 00 |'],
    sees: `pong 61, ${ECHOED}, open`
  },
  {
    at: '6.2',
    requires: 'data that cannot be decompressed fails the connection',
    sends: ['c1 03 | ffffff'],
    sees: DAMAGED
  }
];

/** The library could compress, but it was not agreed on. */
const unused = [
  {
    at: '5',
    requires: 'where it was not agreed on, nothing is compressed',
    app: (ws) => ws.send('Hello', { compress: true }),
    sees: 'text 48656c6c6f, open'
  },
  {
    at: '5',
    requires:
      'where it was not agreed on, a compressed message fails the connection',
    sends: [`c1 07 | ${HELLO}`],
    sees: FAILS
  }
].map((each) => ({
  deflate: undefined,
  options: { perMessageDeflate: { threshold: 0 } },
  ...each
}));

module.exports = [...used, ...unused].map((each) => ({
  roles: BOTH,
  deflate: NAME,
  ...each
}));
