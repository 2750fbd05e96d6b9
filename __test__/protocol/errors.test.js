'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { record, session } = require('../support/session');

const PROTOCOL_ERROR = 1002;
const TOO_BIG = 1009;

/** Frames are `first byte, length, masking key, payload`; the keys are zero where that is shorter. */
const KEY = '00000000';

const ROWS = [
  // §5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
  ['RSV1 in a text frame', `c180 ${KEY}`, 'RSV1 must be clear'],
  ['RSV1 in a binary frame', `c280 ${KEY}`, 'RSV1 must be clear'],
  ['RSV1 in a ping', `c980 ${KEY}`, 'RSV1 must be clear'],
  ['RSV1 in a close frame', `c880 ${KEY}`, 'RSV1 must be clear'],
  [
    'RSV1 in a continuation',
    `0181 ${KEY} 61  c081 ${KEY} 61`,
    'RSV1 must be clear'
  ],
  ['RSV2', `a180 ${KEY}`, 'RSV2 and RSV3 must be clear'],
  ['RSV3', `9180 ${KEY}`, 'RSV2 and RSV3 must be clear'],
  ['all RSV bits', `f180 ${KEY}`, 'RSV2 and RSV3 must be clear'],
  ['RSV2 with a reserved opcode', `a380 ${KEY}`, 'RSV2 and RSV3 must be clear'],

  // §5.1: "The server MUST close the connection upon receiving a frame that is not masked."
  ['an unmasked text frame', '8105 48656c6c6f', 'MASK must be set'],
  ['an unmasked empty frame', '8200', 'MASK must be set'],
  ['an unmasked ping', '8900', 'MASK must be set'],
  ['an unmasked close frame', '8802 03e8', 'MASK must be set'],

  // §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
  // fragmented."
  ['a fragmented ping', `0980 ${KEY}`, 'FIN must be set'],
  ['a fragmented pong', `0a80 ${KEY}`, 'FIN must be set'],
  ['a fragmented close frame', `0880 ${KEY}`, 'FIN must be set'],
  [
    'a ping of 126 bytes',
    `89fe 007e ${KEY} ${'61'.repeat(126)}`,
    'invalid payload length 126'
  ],
  [
    'a pong with a 64-bit length',
    `8aff 0000000000010000 ${KEY}`,
    'invalid payload length 127'
  ],
  [
    'a close frame of 126 bytes',
    `88fe 007e ${KEY} ${'61'.repeat(126)}`,
    'invalid payload length 126'
  ],
  [
    'a close frame with half a status code',
    `8881 ${KEY} 03`,
    'invalid payload length 1'
  ],

  // §5.4
  ['a continuation of nothing', `8080 ${KEY}`, 'invalid opcode 0'],
  [
    'a continuation of nothing that is not the last',
    `0080 ${KEY}`,
    'invalid opcode 0'
  ],
  [
    'a continuation after the last fragment',
    `0181 ${KEY} 61  8081 ${KEY} 62  8081 ${KEY} 63`,
    'invalid opcode 0'
  ],
  [
    'a text frame within a fragmented message',
    `0181 ${KEY} 61  8181 ${KEY} 62`,
    'invalid opcode 1'
  ],
  [
    'a binary frame within a fragmented message',
    `0180 ${KEY}  8281 ${KEY} 62`,
    'invalid opcode 2'
  ],

  // §5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket
  // Connection_."
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [
    `the reserved opcode ${opcode}`,
    `8${opcode.toString(16)}80 ${KEY}`,
    `invalid opcode ${opcode}`
  ]),
  [
    'a reserved opcode within a fragmented message',
    `0181 ${KEY} 61  8380 ${KEY}`,
    'invalid opcode 3'
  ],

  // §7.4
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]
    .map((code) => [code, code.toString(16).padStart(4, '0')])
    .map(([code, hex]) => [
      `the status code ${code}`,
      `8882 ${KEY} ${hex}`,
      `invalid status code ${code}`
    ])
];

const CODES = [
  [/^RSV1/, 'WS_ERR_UNEXPECTED_RSV_1'],
  [/^RSV2/, 'WS_ERR_UNEXPECTED_RSV_2_3'],
  [/^MASK/, 'WS_ERR_EXPECTED_MASK'],
  [/^FIN/, 'WS_ERR_EXPECTED_FIN'],
  [/^invalid payload length/, 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH'],
  [/^invalid opcode/, 'WS_ERR_INVALID_OPCODE'],
  [/^invalid status code/, 'WS_ERR_INVALID_CLOSE_CODE']
];

/** Sends the bytes by `send` and logs all that both sides see. */
function failing(send) {
  return async ({ lib, log, t }) => {
    const { client, closed } = await session(
      { lib, t },
      { onConnection: (ws) => record(ws, log) }
    );

    await send(client);
    const answer = await client.readToEnd();
    await closed;
    log('the peer got', answer);
  };
}

/** The close frame that a peer gets. */
function closeFrame(code) {
  return `Buffer 8802${code.toString(16).padStart(4, '0')}`;
}

suite('A protocol error fails the connection (WS-CONTRACT 19)', () => {
  for (const [what, bytes, text] of ROWS) {
    const [, code] = CODES.find(([pattern]) => pattern.test(text));
    const check = (log) =>
      assert.deepStrictEqual(log, [
        [
          'error',
          {
            name: 'RangeError',
            message: `Invalid WebSocket frame: ${text}`,
            code
          },
          2
        ],
        ['close', 1006, 'Buffer ', 3],
        ['the peer got', closeFrame(PROTOCOL_ERROR)]
      ]);
    // A message before it arrives as usual.
    const withMessage = (log) => {
      if (what === 'a continuation after the last fragment') {
        assert.deepStrictEqual(log.shift(), ['message', 'Buffer 6162', false]);
      }
      check(log);
    };

    contract(
      `by 1002 for ${what}`,
      failing((client) => client.send(bytes)),
      withMessage
    );

    contract(
      `by 1002 for ${what}, byte by byte`,
      failing(async (client) => {
        for (const byte of Buffer.from(bytes.replace(/\s/g, ''), 'hex')) {
          client.send(Buffer.of(byte));
          await new Promise(setImmediate);
        }
      }),
      withMessage
    );
  }

  for (const [what, length] of [
    ['2^53', '0020000000000000'],
    ['2^63', '8000000000000000'],
    ['2^64 - 1', 'ffffffffffffffff']
  ]) {
    contract(
      `by 1009 for a frame of ${what} bytes`,
      failing((client) => client.send(`82ff ${length} ${KEY}`)),
      (log) =>
        assert.deepStrictEqual(log, [
          [
            'error',
            {
              name: 'RangeError',
              message: 'Unsupported WebSocket frame: payload length > 2^53 - 1',
              code: 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'
            },
            2
          ],
          ['close', 1006, 'Buffer ', 3],
          ['the peer got', closeFrame(TOO_BIG)]
        ])
    );
  }
});

suite('After a protocol error', () => {
  contract(
    'messages before it are emitted, and nothing behind it (WS-CONTRACT 19)',
    failing((client) =>
      client.send(
        Buffer.concat([
          frame(0x81, 'before'),
          frame(0x89, 'ping'),
          Buffer.from('8100', 'hex'),
          frame(0x81, 'behind'),
          frame(0x89, 'behind'),
          frame(0x88)
        ])
      )
    ),
    (log) => {
      assert.deepStrictEqual(
        log.map(([event]) => event),
        ['message', 'ping', 'error', 'close', 'the peer got']
      );
      // The pong, then the close frame.
      assert.strictEqual(log[4][1], 'Buffer 8a0470696e67880203ea');
    }
  );

  contract(
    'what the peer goes on to send is read and thrown away',
    failing(async (client) => {
      client.send('8100');
      for (let i = 0; i < 200; i++) {
        client.send(frame(0x82, Buffer.alloc(64 * 1024)));
      }
      client.socket.end();
    }),
    (log) => assert.strictEqual(log.length, 3)
  );

  contract(
    'send() gives its callback an error, and the state is CLOSING within "error"',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });

      ws.on('error', () => {
        log(ws.readyState, ws.bufferedAmount);
        ws.send('late', (error) => log(error));
        ws.close(1000);
        ws.terminate();
      });
      client.send('8100');
      await closed;
      log((await client.readToEnd()).toString('hex'));
    }
  );
});
