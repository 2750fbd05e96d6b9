'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');
const WebSocket = require('ws');

const { pattern, startEcho } = require('./support');

/** Connects ws's client to the echo example. */
async function connect(t, options) {
  const client = new WebSocket(await startEcho(t), options);
  t.after(() => client.terminate());
  await once(client, 'open');
  return client;
}

/** Sends a message and returns what comes back. */
async function echo(client, ...message) {
  const received = once(client, 'message');
  client.send(...message);
  return received;
}

test('echoes text to ws', async (t) => {
  const client = await connect(t);
  for (const text of ['hello', '', 'żółw 🐢', 'x'.repeat(70_000)]) {
    assert.deepStrictEqual(await echo(client, text), [
      Buffer.from(text),
      false
    ]);
  }
});

test('echoes binary messages of all lengths to ws', async (t) => {
  const client = await connect(t);
  // RFC 6455 §5.2: the limits of the three kinds of length, and of how Ferrows moves bytes.
  const limits = [0, 125, 126, 4096, 16_384, 65_535, 65_536, 131_072];
  for (const length of limits.flatMap((limit) => [limit, limit + 1])) {
    const bytes = pattern(length);
    assert.deepStrictEqual(await echo(client, bytes), [bytes, true]);
  }
});

test('echoes a message of 1 MB, and of 10 MB, to ws', async (t) => {
  const client = await connect(t);
  for (const length of [1_000_000, 10_000_000]) {
    const [data, isBinary] = await echo(client, pattern(length));
    assert.ok(isBinary && data.equals(pattern(length)));
  }
});

test('echoes fragmented messages to ws, with a ping in between (RFC 6455 §5.4)', async (t) => {
  const client = await connect(t);
  const received = once(client, 'message');
  const ponged = once(client, 'pong');

  client.send('hel', { fin: false });
  client.ping('between');
  client.send('lo ', { fin: false });
  client.send('', { fin: false });
  client.send('world', { fin: true });
  assert.deepStrictEqual(await ponged, [Buffer.from('between')]);
  assert.deepStrictEqual(await received, [Buffer.from('hello world'), false]);

  const bytes = pattern(300_000);
  const again = once(client, 'message');
  client.send(bytes.subarray(0, 100_000), { fin: false });
  client.send(bytes.subarray(100_000, 100_001), { fin: false });
  client.send(bytes.subarray(100_001));
  assert.deepStrictEqual(await again, [bytes, true]);
});

test("answers ws's pings (RFC 6455 §5.5.2)", async (t) => {
  const client = await connect(t);
  for (const data of ['', 'ping', 'x'.repeat(125)]) {
    const ponged = once(client, 'pong');
    client.ping(data);
    assert.deepStrictEqual(await ponged, [Buffer.from(data)]);
  }
});

test("echoes ws's close codes and reasons (RFC 6455 §7.4)", async (t) => {
  const url = await startEcho(t);
  const cases = [
    [1000, 'done'],
    [1001, ''],
    [1011, 'x'.repeat(123)],
    [3000, 'żółw'],
    [4999, '']
  ];

  for (const [code, reason] of cases) {
    const client = new WebSocket(url);
    await once(client, 'open');
    client.close(code, reason);
    assert.deepStrictEqual(await once(client, 'close'), [
      code,
      Buffer.from(reason)
    ]);
  }

  const client = new WebSocket(url);
  await once(client, 'open');
  client.close();
  assert.deepStrictEqual(await once(client, 'close'), [1005, Buffer.alloc(0)]);
});

test('echoes to ws with and without an offer of permessage-deflate', async (t) => {
  for (const perMessageDeflate of [true, false]) {
    const client = await connect(t, { perMessageDeflate });
    assert.strictEqual(client.extensions, '');
    const text = 'compress me '.repeat(1000);
    assert.deepStrictEqual(await echo(client, text), [
      Buffer.from(text),
      false
    ]);
  }
});

test('echoes the messages of 100 clients of ws in order', async (t) => {
  const url = await startEcho(t);

  await Promise.all(
    Array.from({ length: 100 }, async (_, number) => {
      const client = new WebSocket(url);
      t.after(() => client.terminate());
      await once(client, 'open');
      const received = [];
      const done = new Promise((resolve) => {
        client.on('message', (data) => {
          if (received.push(data.toString()) === 100) resolve();
        });
      });
      const sent = Array.from({ length: 100 }, (_, i) => `${number}: ${i}`);

      for (const text of sent) client.send(text);
      await done;
      assert.deepStrictEqual(received, sent);
    })
  );
});
