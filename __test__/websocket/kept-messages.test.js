'use strict';

const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { suite, test } = require('node:test');

const { libraries } = require('../support/contract');
const { frame, RawClient } = require('../support/raw-client');
const { roundTrip, session } = require('../support/session');

const lib = libraries.ferrows;

/** A payload of `size` bytes that says which one it is. */
function payload(index, size) {
  return Buffer.alloc(size, `${index} `);
}

function digest(data) {
  const all = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
  return createHash('sha1').update(all).digest('hex');
}

suite('Nothing that a user holds is overwritten (DESIGN 4, rule 1)', () => {
  for (const type of ['nodebuffer', 'arraybuffer', 'fragments']) {
    test(`messages kept over a long run stay as they came: ${type}`, async (t) => {
      const { client, ws } = await session({ lib, t });
      const kept = [];
      const digests = [];
      ws.binaryType = type;
      ws.on('message', (data) => {
        kept.push(data);
        digests.push(digest(data));
      });
      ws.on('pong', (data) => {
        kept.push(data);
        digests.push(digest(data));
      });

      const sizes = [0, 1, 7, 8, 9, 60, 125, 126, 1000, 4095, 4096, 4097, 8192];
      sizes.push(8193, 20_000, 65_535, 65_536, 66_000, 100_000);
      const expected = [];

      for (let round = 0; round < 25; round++) {
        const frames = [];
        for (const size of sizes) {
          const data = payload(expected.length, size);
          const half = size >> 1;
          frames.push(frame(0x82, data));
          frames.push(frame(0x02, data.subarray(0, half)));
          frames.push(frame(0x8a, data.subarray(0, 100)));
          frames.push(frame(0x80, data.subarray(half)));
          expected.push(digest(data), digest(data.subarray(0, 100)));
          expected.push(digest(data));
        }
        client.send(Buffer.concat(frames));
        await roundTrip(client);
      }

      assert.deepStrictEqual(digests, expected);
      assert.deepStrictEqual(kept.map(digest), expected);
    });
  }

  test('messages of several connections in one batch share no bytes', async (t) => {
    const { client, ws, wss } = await session({ lib, t });
    const kept = [];
    const listen = (socket) =>
      socket.on('message', (data) => kept.push([data, data.toString()]));
    listen(ws);
    wss.on('connection', listen);

    const clients = [client];
    for (let i = 0; i < 20; i++) {
      const another = await RawClient.open(wss.address().port);
      t.after(() => another.socket.destroy());
      clients.push(another);
    }

    for (let round = 0; round < 50; round++) {
      clients.forEach((each, i) =>
        each.send(frame(0x81, payload(i, (round * 37 + i) % 300)))
      );
      await Promise.all(clients.map(roundTrip));
    }

    assert.strictEqual(kept.length, 50 * clients.length);
    for (const [data, text] of kept) assert.strictEqual(data.toString(), text);
  });

  test('writing into a message changes no other one', async (t) => {
    const { client, ws } = await session({ lib, t });
    const texts = [];
    ws.on('message', (data) => {
      texts.push(data.toString());
      data.fill(0);
    });
    client.send(
      Buffer.concat(
        Array.from({ length: 500 }, (_, i) => frame(0x81, `message ${i}`))
      )
    );
    await roundTrip(client);
    assert.deepStrictEqual(
      texts,
      Array.from({ length: 500 }, (_, i) => `message ${i}`)
    );
  });

  test('the reason of a close frame is kept apart from what came with it', async (t) => {
    const { client, closed, ws } = await session({ lib, t });
    let kept;
    ws.on('close', (code, reason) => (kept = reason));
    client.send(frame(0x88, Buffer.from('03e8676f6f64627965', 'hex')));
    await closed;
    assert.strictEqual(kept.toString(), 'goodbye');
    assert.strictEqual(kept.buffer.byteLength, kept.length);
  });

  test('a small message that is kept keeps little else in memory', async (t) => {
    const { client, ws } = await session({ lib, t });
    const kept = [];
    ws.on('message', (data) => kept.push(data));

    for (let i = 0; i < 100; i++) {
      client.send(
        Buffer.concat([frame(0x82, 'small'), frame(0x82, Buffer.alloc(60_000))])
      );
      await roundTrip(client);
    }
    for (const data of kept) {
      assert.ok(data.buffer.byteLength <= Math.max(8192, data.length * 1.25));
    }
  });
});
