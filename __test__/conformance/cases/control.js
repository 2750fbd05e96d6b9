'use strict';

// RFC 6455 §5.5: close, ping and pong.

const { BOTH, CLIENT, END, FAILS, NEXT, SERVER } = require('../vocabulary');

const LONG = [
  ['close', '88', '03e8'],
  ['ping', '89', ''],
  ['pong', '8a', '']
];

/** Has a library send as much as fits into a control frame, and more. */
function control(method) {
  return (ws) => {
    for (const length of [125, 126]) {
      try {
        ws[method](Buffer.alloc(length, 0x61));
      } catch {
        ws.send('refused');
      }
    }
  };
}

module.exports = [
  ...LONG.flatMap(([name, first, start]) => [
    {
      at: '5.5',
      requires: `a ${name} frame of 126 bytes fails the connection`,
      sends: [`${first} 7e 007e | ${start} 61*${126 - start.length / 2}`],
      sees: FAILS
    },
    {
      at: '5.5',
      requires: `a ${name} frame with a 64-bit length fails the connection`,
      sends: [`${first} 7f 0000000000010000 | ${start}`],
      sees: FAILS
    }
  ]),
  {
    at: '5.5',
    requires: 'a ping of 125 bytes is answered',
    sends: ['89 7d | 61*125'],
    sees: 'pong 61*125, open'
  },
  {
    at: '5.5',
    requires: 'a close frame of 125 bytes is answered',
    sends: ['88 7d | 03e8 61*123'],
    sees: /^close 1000( 61\*123)?, end$/
  },
  ...['ping', 'pong'].map((name) => ({
    at: '5.5',
    requires: `no ${name} of more than 125 bytes is sent`,
    app: control(name),
    sees: `${name} 61*125, text 72656675736564, open`
  })),
  {
    at: '5.5',
    requires: 'no close frame of more than 125 bytes is sent',
    app: (ws) => {
      try {
        ws.close(1000, 'a'.repeat(124));
      } catch {
        ws.close(1000, 'a'.repeat(123));
      }
    },
    sends: ['88 00 |'],
    sees: 'close 1000 61*123, end'
  },

  {
    at: '5.5.1',
    requires: 'a close frame without a body is answered',
    sends: ['88 00 |'],
    sees: 'close, end'
  },
  {
    at: '5.5.1',
    requires: 'a close frame with a code is answered',
    sends: ['88 02 | 03e8'],
    sees: 'close 1000, end'
  },
  {
    at: '5.5.1',
    requires: 'a close frame with a code and a reason is answered',
    sends: ['88 05 | 03e8 627965'],
    sees: /^close 1000( 627965)?, end$/
  },
  {
    at: '5.5.1',
    requires: 'a body of one byte, which is no code, fails the connection',
    sends: ['88 01 | 03'],
    sees: FAILS
  },
  {
    at: '5.5.1',
    requires:
      'the code of what is sent is in network byte order, with the reason behind it',
    app: (ws) => ws.close(4660, 'é'),
    sends: [NEXT, '88 02 | 03e8'],
    sees: 'close 4660 c3a9, end'
  },
  {
    at: '5.5.1',
    requires: 'no data frame is sent after a close frame',
    app: (ws) => {
      ws.close(1000);
      ws.send('late', () => {});
      ws.send(Buffer.alloc(100_000), () => {});
    },
    sends: [NEXT, '88 02 | 03e8'],
    sees: 'close 1000, end'
  },
  {
    at: '5.5.1',
    requires: 'no data frame is sent after the answer to a close frame',
    app: (ws) => {
      ws.on('close', () => ws.send('late', () => {}));
      ws.on('message', () => ws.send('a'));
    },
    sends: ['81 01 | 61', '88 02 | 03e8'],
    sees: 'text 61, close 1000, end'
  },
  {
    at: '5.5.1',
    requires: 'only one close frame is sent, whatever the application calls',
    app: (ws) => {
      ws.close(1000);
      ws.close(1001);
      ws.close();
    },
    sends: [NEXT, '88 02 | 03e8'],
    sees: 'close 1000, end'
  },
  {
    at: '5.5.1',
    requires:
      'a close frame of the peer is not answered if one was sent already',
    app: (ws) => ws.close(3000),
    sends: [NEXT, '88 02 | 03e8'],
    sees: 'close 3000, end'
  },
  {
    at: '5.5.1',
    roles: SERVER,
    requires:
      'the TCP connection is closed at once when both close frames have passed',
    sends: ['88 02 | 03e8'],
    sees: 'close 1000, end'
  },
  {
    at: '5.5.1',
    roles: CLIENT,
    requires: 'the TCP connection is closed when both close frames have passed',
    sends: ['88 02 | 03e8', NEXT, END],
    sees: 'close 1000, end'
  },
  {
    at: '5.5.1',
    requires: 'close frames that cross each other close the TCP connection',
    app: (ws) => ws.close(1001),
    sends: ['88 02 | 03e8'],
    sees: 'close 1001, end'
  },
  {
    at: '5.5.1',
    requires: 'what follows a close frame is not read as frames',
    sends: ['88 02 | 03e8', '81 01 | 61', 'ff 01 | 61'],
    sees: 'close 1000, end'
  },

  {
    at: '5.5.2',
    requires: 'a ping without a payload is answered',
    sends: ['89 00 |'],
    sees: 'pong, open'
  },
  {
    at: '5.5.2',
    requires: 'each of ten pings is answered, in order',
    sends: Array.from({ length: 10 }, (_, i) => `89 01 | 0${i}`),
    sees: `${Array.from({ length: 10 }, (_, i) => `pong 0${i}`).join(', ')}, open`
  },
  {
    at: '5.5.2',
    requires: 'a ping is answered, whatever the option `autoPong`',
    options: { autoPong: false },
    sends: ['89 01 | 61', END],
    sees: 'pong 61, end',
    tolerates: {
      sees: 'end',
      because:
        'the option, which is one of ws, is there to ask for it: the application answers then'
    }
  },
  {
    at: '5.5.2',
    requires: 'a ping after a close frame is not answered',
    sends: ['88 02 | 03e8', '89 01 | 61'],
    sees: 'close 1000, end'
  },
  {
    at: '5.5.2',
    requires:
      'a ping that comes while our close frame is not answered yet does no harm',
    app: (ws) => ws.close(1000),
    sends: [NEXT, '89 01 | 61', '88 02 | 03e8'],
    sees: /^close 1000(, pong 61)?, end$/
  },

  {
    at: '5.5.3',
    requires: 'a pong has the payload of its ping, byte by byte',
    sends: ['89 06 | 00ff80c328fe'],
    sees: 'pong 00ff80c328fe, open'
  },
  {
    at: '5.5.3',
    requires: 'a pong that nobody asked for is not answered',
    sends: ['8a 00 |', '8a 02 | 6162'],
    sees: 'open'
  }
].map((each) => ({ roles: BOTH, ...each }));
