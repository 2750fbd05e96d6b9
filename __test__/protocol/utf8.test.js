'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { record, roundTrip, session } = require('../support/session');

/** RFC 3629: the boundaries of each length, and what has no meaning. */
const VALID = [
  '7f',
  'c280',
  'dfbf',
  'e0a080',
  'ed9fbf',
  'ee8080',
  'efbfbf',
  'f0908080',
  'f48fbfbf',
  'efbbbf',
  '00'
];

const INVALID = [
  ['a lone continuation byte', '80'],
  ['a continuation byte behind a character', '61bf'],
  ['an overlong NUL', 'c080'],
  ['an overlong solidus of two bytes', 'c1af'],
  ['an overlong sequence of three bytes', 'e09fbf'],
  ['an overlong sequence of four bytes', 'f08fbfbf'],
  ['a high surrogate', 'eda080'],
  ['a low surrogate', 'edbfbf'],
  ['a pair of surrogates', 'eda081edb080'],
  ['a code point beyond U+10FFFF', 'f4908080'],
  ['a sequence of five bytes', 'f888808080'],
  ['a sequence of six bytes', 'fc8480808080'],
  ['the byte fe', 'fe'],
  ['the byte ff', 'ff'],
  ['two bytes of which the second is missing', 'c3'],
  ['three bytes of which the last is missing', 'e282'],
  ['four bytes of which the last is missing', 'f09f98'],
  ['a sequence that is broken off by a character', 'e28261'],
  ['an error behind 100 good bytes', '61'.repeat(100) + 'ff'],
  ['an error among 1000 good bytes', '61'.repeat(500) + 'c3' + '61'.repeat(500)]
];

const FACTS = {
  name: 'Error',
  message: 'Invalid WebSocket frame: invalid UTF-8 sequence',
  code: 'WS_ERR_INVALID_UTF8'
};

const FAILED = [
  ['error', FACTS, 2],
  ['close', 1006, 'Buffer ', 3],
  ['the peer got', 'Buffer 880203ef']
];

/** Sends frames in one segment, and logs all that both sides see. */
async function failing({ lib, log, t }, ...frames) {
  const { client, closed } = await session(
    { lib, t },
    { onConnection: (ws) => record(ws, log) }
  );

  client.send(Buffer.concat(frames));
  const answer = await client.readToEnd();
  await closed;
  log('the peer got', answer);
}

suite('Text that is not UTF-8 fails the connection by 1007 (§8.1)', () => {
  for (const [what, hex] of INVALID) {
    const bytes = Buffer.from(hex, 'hex');

    contract(
      `in a text message: ${what}`,
      (scenario) => failing(scenario, frame(0x81, bytes)),
      (log) => assert.deepStrictEqual(log, FAILED)
    );
  }

  for (const [what, hex] of INVALID.slice(0, 18)) {
    const bytes = Buffer.from(hex, 'hex');

    contract(
      `in a close reason: ${what}`,
      (scenario) => failing(scenario, frame(0x88, [0x03, 0xe8, ...bytes])),
      (log) => assert.deepStrictEqual(log, FAILED)
    );

    contract(
      `in two fragments, cut anywhere: ${what}`,
      async (scenario) => {
        for (let at = 0; at <= bytes.length; at++) {
          await failing(
            scenario,
            frame(0x01, bytes.subarray(0, at)),
            frame(0x80, bytes.subarray(at))
          );
        }
      },
      (log) =>
        assert.deepStrictEqual(
          log,
          Array.from({ length: bytes.length + 1 }, () => FAILED).flat()
        )
    );
  }

  test('as soon as the byte has arrived, before the end of its message (Ferrows only)', async (t) => {
    for (const start of [
      '81fd 00000000 ff', // 125 bytes claimed
      '81ff 0000000000100000 00000000 6162 e2 41', // 1 MiB claimed
      '0181 00000000 80' // more fragments to come
    ]) {
      const { client, ws } = await session({ lib: libraries.ferrows, t });
      const failed = once(ws, 'error');
      client.send(start);

      const [error] = await failed;
      assert.strictEqual(error.code, 'WS_ERR_INVALID_UTF8');
      assert.strictEqual(
        (await client.readToEnd()).toString('hex'),
        '880203ef'
      );
    }
  });

  contract(
    'not in a binary message',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      record(ws, log);
      for (const [, hex] of INVALID) {
        client.send(frame(0x82, Buffer.from(hex, 'hex')));
      }
      await roundTrip(client);
    },
    (log) => assert.strictEqual(log.length, INVALID.length + 1)
  );
});

suite('Text that is UTF-8 is delivered as it is', () => {
  contract('in one frame', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    record(ws, log);
    for (const hex of VALID) client.send(frame(0x81, Buffer.from(hex, 'hex')));
    await roundTrip(client);
  });

  contract(
    'in two fragments cut at every position, pings in between',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: { autoPong: false } }
      );
      record(ws, log);
      const bytes = Buffer.from(VALID.join(''), 'hex');

      for (let at = 0; at <= bytes.length; at++) {
        client.send(frame(0x01, bytes.subarray(0, at)));
        client.send(frame(0x89));
        client.send(frame(0x80, bytes.subarray(at)));
      }
      client.send(frame(0x88));
      await closed;
    },
    (log) => {
      const hex = VALID.join('');
      const messages = log.filter(([event]) => event === 'message');
      assert.strictEqual(messages.length, hex.length / 2 + 1);
      for (const message of messages) {
        assert.deepStrictEqual(message, ['message', `Buffer ${hex}`, false]);
      }
    }
  );

  contract('in fragments of one byte each', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    record(ws, log);
    const bytes = Buffer.from(VALID.join(''), 'hex');

    client.send(frame(0x01));
    for (const byte of bytes) client.send(frame(0x00, Buffer.of(byte)));
    client.send(frame(0x80));
    await roundTrip(client);
  });
});

suite('skipUTF8Validation', () => {
  contract(
    'lets any bytes through as text and as a close reason',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: { skipUTF8Validation: true } }
      );
      record(ws, log);

      for (const [, hex] of INVALID) {
        client.send(frame(0x81, Buffer.from(hex, 'hex')));
      }
      client.send(
        frame(0x88, Buffer.from('03e8 ff fe'.replace(/ /g, ''), 'hex'))
      );
      await closed;
      log(await client.readToEnd());
    },
    (log) => assert.strictEqual(log.at(-2)[2], 'Buffer fffe')
  );
});
