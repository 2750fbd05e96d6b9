'use strict';

// RFC 6455 §7: the end of a connection.

const { BOTH, CLIENT, END, FAILS, NEXT, SERVER } = require('../vocabulary');

const hexOf = (code) => code.toString(16).padStart(4, '0');

/** Codes that may stand in a close frame. */
const VALID = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999
];

/** Registered with IANA after the RFC. */
const LATER = [1012, 1013, 1014];

/** Codes that may not, each with what the RFC says of it. */
const INVALID = [
  [0, 'is not used'],
  [1, 'is not used'],
  [999, 'is not used'],
  [1004, 'has no meaning yet'],
  [1005, 'means that there is no code'],
  [1006, 'means that there is no close frame'],
  [1015, 'means that TLS failed'],
  [1016, 'is reserved'],
  [1100, 'is reserved'],
  [2000, 'is reserved'],
  [2999, 'is reserved'],
  [5000, 'is of no range'],
  [65_535, 'is of no range']
];

/** Has a library try to close with a code; it closes with 1000 if it may not. */
function closeWith(code) {
  return (ws) => {
    try {
      ws.close(code);
    } catch {
      ws.close(1000);
    }
  };
}

module.exports = [
  {
    at: '7.1.1',
    requires:
      'bytes that trail behind the closing handshake do not keep the connection from closing',
    sends: ['88 02 | 03e8', '82 7e ffff | 61*65535'],
    sees: 'close 1000, end'
  },
  {
    at: '7.1.2',
    requires:
      'the closing handshake starts with a close frame with the code and the reason',
    app: (ws) => ws.close(3000, 'bye'),
    sends: [NEXT, '88 02 | 03e8'],
    sees: 'close 3000 627965, end'
  },
  {
    at: '7.1.2',
    requires: 'without a code the close frame has no body',
    app: (ws) => ws.close(),
    sends: [NEXT, '88 00 |'],
    sees: 'close, end'
  },
  {
    at: '7.1.3',
    requires:
      'messages that come while our close frame is not answered are still received',
    app: (ws) => {
      ws.on('message', (data) => ws.close(1000, data));
      ws.send('go');
    },
    sends: [NEXT, '81 01 | 61', '88 02 | 03e8'],
    sees: 'text 676f, close 1000 61, end'
  },

  {
    at: '7.1.7',
    requires:
      'a connection that fails is closed, after a close frame with a code',
    sends: ['83 00 |'],
    sees: FAILS
  },
  {
    at: '7.1.7',
    requires: 'data after the fault is not processed: a message, a ping',
    sends: ['83 00 |', '81 01 | 61', '89 01 | 62'],
    sees: FAILS
  },
  {
    at: '7.1.7',
    requires: 'a close frame after the fault is not processed',
    sends: ['83 00 |', '88 02 | 0bb8'],
    sees: FAILS
  },
  {
    at: '7.1.7',
    requires: 'what follows the fault in a later segment is not processed',
    sends: ['83 00 |', NEXT, '81 01 | 61', '88 02 | 0bb8'],
    sees: FAILS
  },
  {
    at: '7.1.7',
    requires: 'messages in front of the fault are processed',
    sends: ['81 01 | 61', '83 00 |'],
    sees: 'text 61, close 1002, end'
  },

  {
    at: '7.2.1',
    roles: CLIENT,
    requires: 'a client whose transport is lost ends its side',
    sends: [END],
    sees: 'end'
  },
  {
    at: '7.2.1',
    roles: CLIENT,
    requires: 'a client whose transport is lost within a frame ends its side',
    sends: ['82 05 | 61', END],
    sees: 'end'
  },
  {
    at: '7.2.1',
    roles: CLIENT,
    requires: 'a client whose transport is lost says 1006 to the application',
    run: lost,
    sees: '1006'
  },
  {
    at: '7.2.2',
    roles: SERVER,
    requires: 'a server whose transport is lost ends its side',
    sends: [END],
    sees: 'end'
  },

  ...[...VALID, ...LATER].map((code) => ({
    at: '7.4',
    requires: `a close frame with the code ${code} is answered`,
    sends: [`88 02 | ${hexOf(code)}`],
    sees: `close ${code}, end`
  })),
  ...INVALID.map(([code, meaning]) => ({
    at: code >= 1000 && code < 1016 ? '7.4.1' : '7.4.2',
    requires: `a close frame with the code ${code}, which ${meaning}, fails the connection`,
    sends: [`88 02 | ${hexOf(code)}`],
    sees: FAILS
  })),
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map((code) => ({
    at: code >= 1000 && code < 1016 ? '7.4.1' : '7.4.2',
    requires: `no close frame with the code ${code} is sent, though the application asks for it`,
    app: closeWith(code),
    sends: [NEXT, '88 02 | 03e8'],
    sees: 'close 1000, end'
  })),
  {
    at: '7.4.1',
    requires:
      'the answer to a close frame without a code has no code either, not 1005',
    sends: ['88 00 |'],
    sees: 'close, end'
  },
  {
    at: '7.4.1',
    requires: 'invalid UTF-8 is answered with 1007',
    sends: ['81 01 | ff'],
    sees: 'close 1007, end'
  },
  {
    at: '7.4.1',
    requires: 'a message that is too big is answered with 1009',
    options: { maxPayload: 10 },
    sends: ['82 0b | 61*11'],
    sees: 'close 1009, end'
  }
].map((each) => ({ roles: BOTH, ...each }));

/** What a client says to its application when the TCP connection ends without a close frame. */
async function lost(subject) {
  const raw = await subject.raw();
  const ws = await subject.dial();
  const closed = new Promise((resolve) => ws.on('close', resolve));
  const peer = await raw.upgrade();
  peer.socket.end();
  return String(await closed);
}
