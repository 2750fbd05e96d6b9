'use strict';

// RFC 6455 §5.6 and §6: messages, sent and received.

const { frame } = require('../bytes');
const { BOTH, CLIENT, NEXT } = require('../vocabulary');

/** A step of a peer: it sends each byte by itself. */
function byteByByte(frames) {
  return async (peer, isMasked) => {
    for (const each of frames) {
      for (const byte of frame(each, isMasked)) {
        peer.send(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
    }
  };
}

module.exports = [
  {
    at: '5.6',
    requires: 'a text message is received as text',
    sends: ['81 02 | c3a9'],
    sees: 'text c3a9, open'
  },
  {
    at: '5.6',
    requires: 'a fragment of text may end within a character',
    sends: ['01 01 | c3', '80 01 | a9'],
    sees: 'text c3a9, open'
  },
  {
    at: '5.6',
    requires: 'the bytes of a binary message are arbitrary',
    sends: ['82 04 | 00ffc328'],
    sees: 'binary 00ffc328, open'
  },

  {
    at: '6.1',
    requires: 'nothing is sent when the connection is not open any more',
    app: (ws) => {
      ws.close(1000);
      ws.send('a', () => {});
      ws.ping(() => {});
      ws.pong(() => {});
    },
    sends: [NEXT, '88 02 | 03e8'],
    sees: 'close 1000, end'
  },
  {
    at: '6.1',
    roles: CLIENT,
    requires: 'nothing is sent before the connection is open',
    dialled: (ws) => {
      try {
        ws.send('early');
      } catch {
        // It says so by throwing.
      }
    },
    app: (ws) => ws.send('late'),
    sees: 'text 6c617465, open'
  },
  {
    at: '6.1',
    requires:
      'the opcode is that of the data: text of a string, binary of bytes',
    app: (ws) => {
      ws.send('é');
      ws.send(Buffer.from([0xff]));
      ws.send(new Uint8Array([1, 2]).buffer);
      ws.send('a', { binary: true });
      ws.send(Buffer.from('b'), { binary: false });
    },
    sees: 'text c3a9, binary ff, binary 0102, binary 61, text 62, open'
  },
  {
    at: '6.1',
    requires: 'the last frame of a message has FIN',
    app: (ws) => {
      ws.send('', { fin: false });
      ws.send('', { fin: true });
      ws.send('');
    },
    sees: 'first text, continuation, text, open'
  },
  {
    at: '6.1',
    requires: 'frames are transmitted in the order in which they were formed',
    app: (ws) => {
      for (let i = 0; i < 50; i++) ws.send(Buffer.alloc(i * 997, i));
      ws.ping();
    },
    reads: (frames) => frames.map(({ payload }) => payload.length).join(),
    sees: Array.from({ length: 50 }, (_, i) => i * 997)
      .concat(0)
      .join()
  },

  {
    at: '6.2',
    requires: 'frames that arrive byte by byte are read as frames',
    sends: [byteByByte(['01 01 | 61', '80 01 | 62', '82 01 | 63'])],
    sees: 'text 6162, binary 63, open'
  },
  {
    at: '6.2',
    requires: 'many frames that arrive at once are read as frames',
    sends: [
      '81 01 | 61',
      '82 01 | 62',
      '89 01 | 63',
      '01 01 | 64',
      '80 01 | 65'
    ],
    sees: /^(?=.*text 61, .*binary 62.*text 6465)(?=.*pong 63).*, open$/
  },
  {
    at: '6.2',
    requires:
      'frames that follow the opening handshake in one segment are read',
    behind: ['81 01 | 61'],
    sees: 'text 61, open'
  },
  {
    at: '6.2',
    requires: 'messages that follow each other are messages of their own',
    sends: ['81 01 | 61', '81 01 | 62', '82 01 | 63'],
    sees: 'text 61, text 62, binary 63, open'
  },
  {
    at: '6.2',
    requires: 'a control frame does not end the fragmented message around it',
    sends: ['01 01 | 61', '8a 00 |', '00 01 | 62', '8a 00 |', '80 01 | 63'],
    sees: 'text 616263, open'
  }
].map((each) => ({ roles: BOTH, ...each }));
