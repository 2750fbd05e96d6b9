'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { pattern, startEcho } = require('./support');

// Node.js has it without a flag since version 22; it comes from undici.
const skip =
  typeof WebSocket === 'function'
    ? false
    : 'Node.js has no global WebSocket before version 22';

/** Connects Node's own client to the echo example. */
async function connect(t) {
  const client = new WebSocket(await startEcho(t));
  client.binaryType = 'arraybuffer';
  t.after(() => client.close());
  await once(client, 'open');
  return client;
}

/** Sends a message and returns what comes back. */
async function echo(client, message) {
  const received = once(client, 'message');
  client.send(message);
  return (await received)[0].data;
}

test("echoes text to Node's own WebSocket", { skip }, async (t) => {
  const client = await connect(t);
  for (const text of ['hello', '', 'żółw 🐢', 'x'.repeat(70_000)]) {
    assert.strictEqual(await echo(client, text), text);
  }
});

test(
  "echoes binary messages of up to 1 MB to Node's own WebSocket",
  { skip },
  async (t) => {
    const client = await connect(t);
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
      const bytes = pattern(length);
      const data = await echo(client, bytes);
      assert.ok(data instanceof ArrayBuffer);
      assert.ok(Buffer.from(data).equals(bytes), `${length} bytes`);
    }
  }
);

test(
  "echoes a Blob, and an ArrayBuffer's view, to Node's own WebSocket",
  { skip },
  async (t) => {
    const client = await connect(t);
    assert.strictEqual(
      Buffer.from(await echo(client, new Blob(['blob']))).toString(),
      'blob'
    );
    const view = new Uint8Array([0, 1, 2, 3]).subarray(1, 3);
    assert.strictEqual(
      Buffer.from(await echo(client, view)).toString('hex'),
      '0102'
    );
  }
);

test(
  "echoes many messages in order to Node's own WebSocket",
  { skip },
  async (t) => {
    const client = await connect(t);
    const sent = Array.from({ length: 500 }, (_, i) => `message ${i}`);
    const received = [];
    const done = new Promise((resolve) => {
      client.addEventListener('message', ({ data }) => {
        if (received.push(data) === sent.length) resolve();
      });
    });

    for (const text of sent) client.send(text);
    await done;
    assert.deepStrictEqual(received, sent);
  }
);

test(
  "echoes the close codes of Node's own WebSocket (RFC 6455 §7.4)",
  { skip },
  async (t) => {
    const url = await startEcho(t);

    for (const [code, reason] of [
      [1000, 'done'],
      [3000, 'żółw'],
      [4999, '']
    ]) {
      const client = new WebSocket(url);
      await once(client, 'open');
      client.close(code, reason);
      const [event] = await once(client, 'close');
      assert.deepStrictEqual(
        [event.code, event.reason, event.wasClean],
        [code, reason, true]
      );
    }
  }
);
