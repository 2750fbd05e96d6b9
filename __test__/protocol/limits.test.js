'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const {
  record,
  roundTrip,
  session,
  swallowed,
  turns
} = require('../support/session');

const TOO_LARGE = {
  name: 'RangeError',
  message: 'Max payload size exceeded',
  code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
};

const TOO_MANY = 'WS_ERR_TOO_MANY_BUFFERED_PARTS';

/** Sends frames to a server with `options`, and logs all that both sides see until the end. */
function failing(options, ...frames) {
  return async ({ lib, log, t }) => {
    const { client, closed } = await session(
      { lib, t },
      { onConnection: (ws) => record(ws, log), server: options }
    );

    for (const bytes of frames) client.send(bytes);
    const answer = await client.readToEnd();
    await closed;
    log('the peer got', answer);
  };
}

/** Sends frames to a server with `options`, and logs what it sees while it stays open. */
function accepted(options, ...frames) {
  return async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t }, { server: options });
    record(ws, log);
    for (const bytes of frames) client.send(bytes);
    await roundTrip(client);
    log(ws.readyState);
  };
}

function expectTooLarge(...before) {
  return (log) =>
    assert.deepStrictEqual(log, [
      ...before,
      ['error', TOO_LARGE, 2],
      ['close', 1006, 'Buffer ', 3],
      ['the peer got', 'Buffer 880203f1']
    ]);
}

suite('maxPayload (WS-CONTRACT, Defaults and limits)', () => {
  contract(
    'accepts a message of exactly that size',
    accepted({ maxPayload: 20 }, frame(0x82, Buffer.alloc(20, 1)))
  );

  contract(
    'fails by 1009 on a message of one byte more, at its header',
    failing({ maxPayload: 20 }, '8295 00000000'),
    expectTooLarge()
  );

  contract(
    'fails by 1009 on a 16-bit length, at its header',
    failing({ maxPayload: 200 }, '81fe 00c9 00000000'),
    expectTooLarge()
  );

  contract(
    'is 100 MiB by default: one byte more fails',
    failing({}, '82ff 0000000006400001 00000000'),
    expectTooLarge()
  );

  contract(
    'limits the sum of the fragments, pings not counted',
    failing(
      { maxPayload: 20, autoPong: false },
      frame(0x01, 'a'.repeat(10)),
      frame(0x89, 'p'.repeat(100)),
      frame(0x00, 'b'.repeat(10)),
      '8081 00000000'
    ),
    expectTooLarge(['ping', `Buffer ${'70'.repeat(100)}`])
  );

  contract(
    'counts each message by itself',
    accepted(
      { maxPayload: 20 },
      frame(0x01, 'a'.repeat(10)),
      frame(0x80, 'b'.repeat(10)),
      frame(0x81, 'c'.repeat(20)),
      frame(0x02, 'd'.repeat(20)),
      frame(0x00),
      frame(0x80)
    ),
    (log) =>
      assert.strictEqual(log.filter(([event]) => event === 'message').length, 3)
  );

  for (const maxPayload of [0, undefined, null]) {
    contract(
      `of ${maxPayload} is none`,
      async ({ lib, log, t }) => {
        const { client, ws } = await session(
          { lib, t },
          { server: { maxPayload } }
        );
        ws.on('error', (error) => log(error));
        client.send('82ff 0000000006400001 00000000 61');
        await swallowed(client, ws);
        await turns();
        log(ws.readyState);
      },
      (log) => assert.deepStrictEqual(log, [[1]])
    );
  }

  test('a header that claims 2^40 bytes reserves no memory', async (t) => {
    for (const maxPayload of [0, 2 ** 31]) {
      const { client, ws } = await session(
        { lib: libraries.ferrows, t },
        { server: { maxPayload } }
      );
      ws.on('error', () => {});
      const before = process.memoryUsage();

      client.send('82ff 0000010000000000 00000000');
      client.send(Buffer.alloc(100_000));
      await swallowed(client, ws);
      await turns();

      const after = process.memoryUsage();
      assert.ok(after.arrayBuffers - before.arrayBuffers < 16 * 1024 * 1024);
      assert.ok(after.rss - before.rss < 256 * 1024 * 1024);
    }
  });

  test('50 connections that claim 90 MiB each hold what they have sent', async (t) => {
    const before = process.memoryUsage().arrayBuffers;
    const message = Buffer.concat([
      Buffer.from('82ff 0000000005a00000 00000000'.replace(/ /g, ''), 'hex'),
      Buffer.alloc(100_000)
    ]);

    for (let i = 0; i < 50; i++) {
      const { client, ws } = await session({ lib: libraries.ferrows, t });
      client.send(message);
      await swallowed(client, ws);
    }

    // A buffer is at most eight times as large as what is in it (DESIGN 3), and the one that it
    // replaced may not have been collected yet.
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 50 * 100_000 * 16, `${grown}`);
  });
});

suite('maxFragments', () => {
  contract(
    'accepts that many, empty ones counted, and counts each message by itself',
    accepted(
      { maxFragments: 3 },
      ...[1, 2].flatMap(() => [
        frame(0x01, 'a'),
        frame(0x8a),
        frame(0x00),
        frame(0x80, 'c')
      ])
    )
  );

  contract(
    'fails by 1008 on one more',
    failing(
      { maxFragments: 3, autoPong: false },
      frame(0x02, 'a'),
      frame(0x00, 'b'),
      frame(0x89),
      frame(0x00),
      frame(0x80, 'd')
    ),
    (log) =>
      assert.deepStrictEqual(log, [
        ['ping', 'Buffer '],
        [
          'error',
          {
            name: 'RangeError',
            message: 'Too many message fragments',
            code: TOO_MANY
          },
          2
        ],
        ['close', 1006, 'Buffer ', 3],
        ['the peer got', 'Buffer 880203f0']
      ])
  );

  contract(
    'is 16384 by default',
    failing(
      {},
      Buffer.concat([
        frame(0x01, 'a'),
        ...Array.from({ length: 16_384 }, () => frame(0x00))
      ])
    ),
    (log) => assert.strictEqual(log[0][1].code, TOO_MANY)
  );

  for (const maxFragments of [0, undefined]) {
    contract(
      `of ${maxFragments} is none`,
      accepted(
        { maxFragments },
        Buffer.concat([
          frame(0x01, 'a'),
          ...Array.from({ length: 20_000 }, () => frame(0x00, 'b')),
          frame(0x80)
        ])
      )
    );
  }
});

suite('maxBufferedChunks', () => {
  for (const maxBufferedChunks of [1, 2, 3, 4, 5, 6, 0, undefined]) {
    contract(
      `of ${maxBufferedChunks} counts the reads that a part of a frame takes, as ws does`,
      async ({ lib, log, t }) => {
        const pieces = [
          ['828a 37fa213d', '0102', '0304', '0506', '0708', '090a'],
          ['828a 37fa213d 0102030405', '060708090a'],
          byteByByte('8184 00000000 61626364'),
          byteByByte('82fe 0007 00000000 61626364656667'),
          byteByByte('8985 00000000 6162636465'),
          [
            '8183 00000000 616263 8185 00000000 61',
            '62',
            '63',
            '6465',
            '8181 00000000 61'
          ],
          ['0181 00000000 61', '8981 00000000 62', '8081 00000000 63'],
          [...byteByByte('0181 00000000 61'), ...byteByByte('8080 00000000')]
        ];

        for (const [index, list] of pieces.entries()) {
          const entries = [];
          const { client, closed, ws } = await session(
            { lib, t },
            {
              onConnection(ws) {
                record(ws, (...values) => entries.push(values));
              },
              server: { autoPong: false, maxBufferedChunks }
            }
          );

          for (const piece of list) {
            client.send(piece);
            await swallowed(client, ws);
            await turns(2);
          }
          if (ws.readyState !== ws.OPEN) {
            await client.readToEnd();
            await closed;
          }
          log(index, ...entries);
        }
      }
    );
  }

  contract(
    'fails by 1008 on one more',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        {
          onConnection: (ws) => record(ws, log),
          server: { maxBufferedChunks: 2 }
        }
      );

      for (const piece of ['8184 00000000 61', '62', '63']) {
        client.send(piece);
        await swallowed(client, ws);
      }
      log(await client.readToEnd());
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(
        log.find(([event]) => event === 'error'),
        [
          'error',
          {
            name: 'RangeError',
            message: 'Too many buffered chunks',
            code: TOO_MANY
          },
          2
        ]
      )
  );
});

/** The bytes one by one. */
function byteByByte(hex) {
  return hex.replace(/\s/g, '').match(/../g);
}
