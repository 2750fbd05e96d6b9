'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { roundTrip, session, swallowed, turns } = require('../support/session');

/** What can be told of a message: its class, its bytes, and whether memory is its own. */
function describe(data) {
  if (Array.isArray(data)) return ['fragments', ...data.map(describe)];
  if (data instanceof ArrayBuffer) return data;
  if (Buffer.isBuffer(data)) return data;
  return [data.constructor.name, data.size];
}

function listen(ws, log) {
  ws.on('message', (data, isBinary) => log(describe(data), isBinary));
}

suite('binaryType (WS-CONTRACT 10)', () => {
  for (const type of ['nodebuffer', 'arraybuffer', 'fragments', 'blob']) {
    contract(
      `${type} is what binary messages are given as, and text is not`,
      async ({ lib, log, t }) => {
        const { client, ws } = await session({ lib, t });
        listen(ws, log);
        log(ws.binaryType);
        ws.binaryType = type;
        log(ws.binaryType);

        for (const size of [0, 1, 3, 300, 4096, 5000, 65_535, 65_536, 70_000]) {
          client.send(frame(0x82, Buffer.alloc(size, size)));
          client.send(frame(0x81, 'a'.repeat(size)));
        }
        client.send(frame(0x02, 'one'));
        client.send(frame(0x00));
        client.send(frame(0x00, 'two'));
        client.send(frame(0x8a));
        client.send(frame(0x80, 'three'));
        client.send(frame(0x02));
        client.send(frame(0x80));
        client.send(frame(0x01, 'te'));
        client.send(frame(0x80, 'xt'));
        await roundTrip(client);
      },
      (log) => assert.strictEqual(log.length, 2 + 2 * 9 + 3)
    );
  }

  contract(
    'gives a Blob its bytes',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      ws.binaryType = 'blob';
      const blobs = [];
      ws.on('message', (data) => blobs.push(data));
      client.send(frame(0x02, 'one'));
      client.send(frame(0x80, 'two'));
      client.send(frame(0x82, 'three'));
      await roundTrip(client);
      for (const blob of blobs) log(blob.type, await blob.text());
    },
    (log) =>
      assert.deepStrictEqual(log, [
        ['', 'onetwo'],
        ['', 'three']
      ])
  );

  contract(
    'gives fragments as they were sent, however TCP cuts them, large ones too',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      ws.binaryType = 'fragments';
      ws.on('message', (data) => log(data.map(({ length }) => length)));

      const all = Buffer.concat([
        frame(0x02, Buffer.alloc(10)),
        frame(0x00, Buffer.alloc(70_000)),
        frame(0x00, Buffer.alloc(0)),
        frame(0x00, Buffer.alloc(300)),
        frame(0x80, Buffer.alloc(200_000)),
        frame(0x02, Buffer.alloc(100_000)),
        frame(0x80, Buffer.alloc(5))
      ]);
      for (let at = 0; at < all.length; at += 9999) {
        client.send(all.subarray(at, at + 9999));
        await swallowed(client, ws);
      }
      await roundTrip(client);
    },
    (log) =>
      assert.deepStrictEqual(log, [
        [[10, 70_000, 300, 200_000]],
        [[100_000, 5]]
      ])
  );

  contract('ignores invalid values', async ({ lib, log, t }) => {
    const { ws } = await session({ lib, t });
    ws.binaryType = 'arraybuffer';
    for (const value of ['', 'foo', 'Blob', null, undefined, 0, {}, [], true]) {
      ws.binaryType = value;
      log(ws.binaryType);
    }
  });

  contract(
    'applies from the next message on when a listener changes it',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      const types = ['arraybuffer', 'fragments', 'nodebuffer', 'blob'];
      listen(ws, log);
      ws.on('message', () => {
        ws.binaryType = types[0];
        types.push(types.shift());
      });
      client.send(
        Buffer.concat(
          Array.from({ length: 12 }, (_, i) => frame(0x82, `message ${i}`))
        )
      );
      await roundTrip(client);
    }
  );

  contract(
    'applies to a fragmented message behind the one whose listener changes it',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      listen(ws, log);
      ws.once('message', () => {
        ws.binaryType = 'fragments';
      });
      client.send(
        Buffer.concat([
          frame(0x82, 'first'),
          frame(0x02, 'one'),
          frame(0x80, 'two')
        ])
      );
      await roundTrip(client);
    }
  );

  for (const [from, to] of [
    ['fragments', 'nodebuffer'],
    ['fragments', 'arraybuffer'],
    ['nodebuffer', 'arraybuffer'],
    ['nodebuffer', 'fragments']
  ]) {
    contract(
      `applies when it goes from ${from} to ${to} within a fragmented message`,
      async ({ lib, log, t }) => {
        const { client, ws } = await session({ lib, t });
        listen(ws, log);
        ws.binaryType = from;
        ws.on('pong', () => {
          ws.binaryType = to;
        });
        client.send(frame(0x02, 'one'));
        client.send(frame(0x00, 'two'));
        client.send(frame(0x8a));
        await swallowed(client, ws);
        await turns();
        client.send(frame(0x80, 'three'));
        await roundTrip(client);
      }
    );
  }

  contract(
    'may be set within "connection", before frames that came with the request',
    async ({ lib, log, t }) => {
      const { client } = await session(
        { lib, t },
        {
          client: {
            behind: Buffer.concat([frame(0x02, 'a'), frame(0x80, 'b')])
          },
          onConnection(ws) {
            ws.binaryType = 'fragments';
            listen(ws, log);
          }
        }
      );
      await roundTrip(client);
    }
  );

  test('an ArrayBuffer holds its message and nothing else', async (t) => {
    const { client, ws } = await session({ lib: libraries.ferrows, t });
    ws.binaryType = 'arraybuffer';
    const buffers = [];
    ws.on('message', (data) => buffers.push(data));
    client.send(
      Buffer.concat(
        [1, 10, 5000, 66_000, 90_000, 100_001].map((size) =>
          frame(0x82, Buffer.alloc(size, 0x61))
        )
      )
    );
    await roundTrip(client);

    assert.deepStrictEqual(
      buffers.map((buffer) => buffer.byteLength),
      [1, 10, 5000, 66_000, 90_000, 100_001]
    );
    assert.strictEqual(new Set(buffers).size, buffers.length);
    for (const buffer of buffers) {
      assert.ok(Buffer.from(buffer).every((byte) => byte === 0x61));
    }
  });
});
