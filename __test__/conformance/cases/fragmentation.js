'use strict';

// RFC 6455 §5.4: messages of several frames.

const { BOTH, FAILS } = require('../vocabulary');

module.exports = [
  {
    at: '5.4',
    requires: 'a message in one frame is received',
    sends: ['81 03 | 616263'],
    sees: 'text 616263, open'
  },
  {
    at: '5.4',
    requires: 'a message in two frames is received',
    sends: ['01 01 | 61', '80 02 | 6263'],
    sees: 'text 616263, open'
  },
  {
    at: '5.4',
    requires: 'a message in five frames is received in the order sent',
    sends: [
      '02 01 | 61',
      '00 01 | 62',
      '00 01 | 63',
      '00 01 | 64',
      '80 01 | 65'
    ],
    sees: 'binary 6162636465, open'
  },
  {
    at: '5.4',
    requires: 'fragments may be empty, the first, one between, and the last',
    sends: ['01 00 |', '00 01 | 61', '00 00 |', '00 01 | 62', '80 00 |'],
    sees: 'text 6162, open'
  },
  {
    at: '5.4',
    requires: 'a message all of whose fragments are empty is received',
    sends: ['01 00 |', '80 00 |'],
    sees: 'text, open'
  },
  {
    at: '5.4',
    requires: 'fragments of each encoding of lengths are put together',
    sends: [
      '02 7d | 61*125',
      '00 7e 0100 | 61*256',
      '80 7f 0000000000010000 | 61*65536'
    ],
    sees: 'binary 61*65917, open'
  },
  {
    at: '5.4',
    requires: 'the kind of a message is that of its first frame: binary',
    sends: ['02 01 | ff', '80 01 | fe'],
    sees: 'binary fffe, open'
  },
  {
    at: '5.4',
    requires: 'after the last fragment a new message begins',
    sends: ['01 01 | 61', '80 01 | 62', '82 01 | 63'],
    sees: 'text 6162, binary 63, open'
  },
  ...[
    ['ping', '89 01 | 78', 'pong 78, '],
    ['pong', '8a 01 | 78', '']
  ].map(([name, frame, answer]) => ({
    at: '5.4',
    requires: `a ${name} in the middle of a fragmented message is handled`,
    sends: ['01 01 | 61', frame, '80 01 | 62'],
    sees: `${answer}text 6162, open`
  })),
  {
    at: '5.4',
    requires: 'a close frame in the middle of a fragmented message is handled',
    sends: ['01 01 | 61', '88 02 | 03e8'],
    sees: 'close 1000, end'
  },
  {
    at: '5.4',
    requires:
      'a ping between fragments is answered before the message is complete',
    sends: ['01 01 | 61', '89 01 | 78'],
    sees: 'pong 78, open'
  },
  ...[
    ['text', '01'],
    ['binary', '02']
  ].flatMap(([name, first]) => [
    {
      at: '5.4',
      requires: `a ${name} message that begins within another one fails the connection`,
      sends: ['01 01 | 61', `${first} 01 | 62`],
      sees: FAILS
    },
    {
      at: '5.4',
      requires: `a whole ${name} message within another one fails the connection`,
      sends: ['01 01 | 61', `8${first[1]} 01 | 62`],
      sees: FAILS
    }
  ]),
  {
    at: '5.4',
    requires: 'a continuation of nothing fails the connection',
    sends: ['80 01 | 61'],
    sees: FAILS
  },
  {
    at: '5.4',
    requires: 'an unfinished continuation of nothing fails the connection',
    sends: ['00 01 | 61'],
    sees: FAILS
  },
  {
    at: '5.4',
    requires: 'a continuation after the end of a message fails the connection',
    sends: ['01 01 | 61', '80 01 | 62', '80 01 | 63'],
    sees: 'text 6162, close 1002, end'
  },
  ...[
    ['close', '08 00 |'],
    ['ping', '09 01 | 61'],
    ['pong', '0a 01 | 61']
  ].map(([name, frame]) => ({
    at: '5.4',
    requires: `a fragmented ${name} frame fails the connection`,
    sends: [frame],
    sees: FAILS
  })),
  {
    at: '5.4',
    requires: 'a ping in two fragments within a message fails the connection',
    sends: ['01 01 | 61', '09 01 | 78', '80 01 | 79'],
    sees: FAILS
  },
  {
    at: '5.4',
    requires:
      'a fragmented message that is sent has its opcode first, 0 then, and FIN last',
    app: (ws) => {
      ws.send('a', { fin: false });
      ws.send('b', { fin: false });
      ws.send('c', { fin: true });
    },
    sees: 'first text 61, continuation unfinished 62, continuation 63, open'
  },
  {
    at: '5.4',
    requires:
      'fragments that are sent are not interleaved, but by control frames',
    app: (ws) => {
      ws.send(Buffer.from('a'), { fin: false });
      ws.ping('x');
      ws.send(Buffer.from('b'), { fin: true });
      ws.send('c');
    },
    sees: 'first binary 61, ping 78, continuation 62, text 63, open'
  },
  {
    at: '5.4',
    requires: 'control frames are never sent in fragments',
    app: (ws) => {
      ws.ping('61'.repeat(62));
      ws.pong('61'.repeat(62));
    },
    reads: (frames) => frames.map(({ first }) => first.toString(16)).join(' '),
    sees: '89 8a'
  }
].map((each) => ({ roles: BOTH, ...each }));
