'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open } = require('../support/serve');
const { LIBRARIES, run } = require('./support');

const CONNECTIONS = 100;
const MESSAGES = 50;
const TOTAL = CONNECTIONS * MESSAGES;

/** Server frames are below this length here, so that their header has two bytes. */
function serverFrame(first, payload) {
  return Buffer.concat([
    Buffer.from([first, payload.length]),
    Buffer.from(payload)
  ]);
}

/** What one client sends, and what it is to be answered. */
function conversation(number) {
  const sent = [];
  const expected = [];

  for (let i = 0; i < MESSAGES; i++) {
    const text = `${number}:${i}`;
    sent.push(frame(0x81, text), frame(0x8a, 'pong'), frame(0x89, text));
    expected.push(serverFrame(0x81, text), serverFrame(0x8a, text));
  }

  return { expected: Buffer.concat(expected), sent: Buffer.concat(sent) };
}

/**
 * Has `CONNECTIONS` clients send their messages, pings and pongs, and end by what `last` says.
 * Resolves to what the program saw.
 */
async function converse(t, where, last, answer) {
  const program = run(t, 'throwing.js', [LIBRARIES.ferrows, where]);
  const port = await program.read();
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => open(t, port))
  );

  await Promise.all(
    clients.map(async (client, number) => {
      const { expected, sent } = conversation(number);

      client.send(Buffer.concat([sent, last]));
      const received = await client.read(expected.length);
      assert.deepStrictEqual(received, expected);
      assert.strictEqual(
        (await client.read(answer.length / 2)).toString('hex'),
        answer
      );
      client.socket.end();
    })
  );

  const report = await program.read();
  await program.success();
  return report;
}

// ws itself is no reference here: its receiver stops for good when a listener has thrown.
for (const where of [
  'message',
  'deferred',
  'ping',
  'pong',
  'close',
  'callback',
  'none'
]) {
  test(`loses no message of any connection when listeners throw: ${where} (rule 3)`, async (t) => {
    const close = frame(0x88, Buffer.from('03e8', 'hex'));
    const report = await converse(t, where, close, '880203e8');

    assert.deepStrictEqual(report, {
      caught: report.thrown,
      seen: {
        message: TOTAL,
        callback: TOTAL,
        ping: TOTAL,
        pong: TOTAL,
        close: CONNECTIONS
      },
      thrown: report.thrown
    });
    assert.strictEqual(report.thrown > 0, where !== 'none');
  });
}

test("answers and closes all the same when 'error' listeners throw (rule 3)", async (t) => {
  // RFC 6455 §5.1: a frame that is not masked.
  const report = await converse(
    t,
    'error',
    Buffer.from('8100', 'hex'),
    '880203ea'
  );

  assert.strictEqual(report.caught, report.thrown);
  assert.strictEqual(report.thrown > 0, true);
  assert.strictEqual(report.seen.error, CONNECTIONS);
  assert.strictEqual(report.seen.close, CONNECTIONS);
  assert.strictEqual(report.seen.message, TOTAL);
});

test('calls each pending callback once with an error when the connection dies, although they throw (rule 3)', async (t) => {
  const program = run(t, 'throwing-callbacks.js', [LIBRARIES.ferrows]);
  const client = await open(t, await program.read());
  client.socket.pause();
  assert.strictEqual(await program.read(), 'full');
  client.reset();

  const { caught, errors, order } = await program.read();
  assert.strictEqual(caught, errors);
  assert.ok(errors >= 10, `${errors} callbacks were pending`);
  assert.deepStrictEqual(
    order,
    Array.from({ length: order.length }, (_, i) => i)
  );
  await program.success();
});

contract(
  "dies of what a listener throws if nobody listens for 'uncaughtException', after writing what was sent (rule 3)",
  async ({ log, name, t }) => {
    const program = run(t, 'throwing.js', [LIBRARIES[name], 'fatal']);
    const client = await open(t, await program.read());

    client.send(frame(0x81, 'hello'));
    log(await client.readToEnd());
    log(await program.ended);
    log(/^Error: thrown$/m.test(program.stderr));
  },
  (log) =>
    assert.deepStrictEqual(log, [
      ['Buffer 810568656c6c6f'],
      [{ code: 1, signal: null }],
      [true]
    ])
);
