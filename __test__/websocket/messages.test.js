'use strict';

const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const {
  record,
  roundTrip,
  session,
  swallowed,
  turns
} = require('../support/session');

const SIZES = [
  0, 1, 125, 126, 127, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_535, 65_536,
  65_537, 131_072, 1_000_000, 5_000_000
];

/** Bytes that differ with their position, so that a shift is seen. */
function bytes(length, seed = 0) {
  const buffer = Buffer.alloc(length);
  for (let i = 0; i < length; i++) buffer[i] = (i * 7 + (i >> 8) + seed) & 0xff;
  return buffer;
}

/** Characters of one to four bytes. */
function text(length) {
  return Buffer.from('aé€😀'.repeat(Math.ceil(length / 10))).subarray(
    0,
    length
  );
}

/** A generator that gives the same numbers on each run: 0 ≤ n < 1. */
function random(seed) {
  return () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed / 0x80000000;
  };
}

/** Logs length and digest of each message rather than its bytes. */
function summarize(ws, log) {
  ws.on('message', (data, isBinary) => {
    log(data.length, isBinary, createHash('sha1').update(data).digest('hex'));
  });
  ws.on('error', (error) => log(error));
  ws.on('close', (code) => log('close', code));
}

suite('Messages are Buffers, text too (WS-CONTRACT 10)', () => {
  contract('of every size', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    summarize(ws, log);
    for (const size of SIZES) {
      client.send(frame(0x82, bytes(size)));
      client.send(frame(0x81, text(size - (size % 10))));
    }
    await roundTrip(client);
  });

  contract('with their type', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    ws.on('message', function (data, isBinary, ...more) {
      log(this === ws, Buffer.isBuffer(data), isBinary, more.length);
    });
    client.send(frame(0x81, 'text'));
    client.send(frame(0x82, 'binary'));
    client.send(frame(0x81));
    client.send(frame(0x82));
    client.send(frame(0x81, 'a'.repeat(70_000)));
    client.send(frame(0x82, Buffer.alloc(70_000)));
    await roundTrip(client);
  });

  contract(
    'with lengths that are not encoded in the shortest form',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      record(ws, log);
      client.send('81fe 0005 37fa213d 7f9f4d5158');
      client.send('81ff 0000000000000005 37fa213d 7f9f4d5158');
      client.send('81fe 0000 37fa213d');
      await roundTrip(client);
    }
  );

  contract(
    'with a masking key of zeros, and of ones',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      record(ws, log);
      client.send('8183 00000000 616263');
      client.send('8183 ffffffff 9e9d9c');
      await roundTrip(client);
    }
  );
});

suite('Messages come as they were sent, however TCP cuts them', () => {
  contract(
    'a message, a ping and a message cut at every position',
    async ({ lib, log, t }) => {
      const { client, ws } = await session(
        { lib, t },
        { server: { autoPong: false } }
      );
      record(ws, log);
      const all = Buffer.concat([
        frame(0x81, 'hello'),
        frame(0x89, 'ping'),
        frame(0x82, bytes(130))
      ]);

      for (let at = 1; at < all.length; at++) {
        client.send(all.subarray(0, at));
        await swallowed(client, ws);
        client.send(all.subarray(at));
        await swallowed(client, ws);
      }
      await turns();
    },
    (log) => {
      const { length } = Buffer.concat([
        frame(0x81, 'hello'),
        frame(0x89, 'ping'),
        frame(0x82, bytes(130))
      ]);
      assert.strictEqual(log.length, 3 * (length - 1));
    }
  );

  contract('byte by byte', async ({ lib, log, t }) => {
    const { client, ws } = await session(
      { lib, t },
      { server: { autoPong: false } }
    );
    record(ws, log);
    const all = Buffer.concat([
      frame(0x01, 'he'),
      frame(0x8a, 'pong'),
      frame(0x80, 'llo'),
      frame(0x82, bytes(200)),
      frame(0x89)
    ]);

    for (const byte of all) {
      client.send(Buffer.of(byte));
      await turns(1);
    }
    await swallowed(client, ws);
    await turns();
  });

  contract('at random positions, in all sizes', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    summarize(ws, log);
    const next = random(42);
    const frames = [];

    for (let i = 0; i < 300; i++) {
      const size = Math.floor(next() ** 4 * 150_000);
      if (next() < 0.5) {
        frames.push(frame(0x82, bytes(size, i)));
      } else {
        const at = Math.floor(next() * size);
        const all = bytes(size, i);
        frames.push(frame(0x02, all.subarray(0, at)));
        if (next() < 0.5) frames.push(frame(0x8a, 'between'));
        frames.push(frame(0x80, all.subarray(at)));
      }
    }

    const all = Buffer.concat(frames);
    for (let at = 0; at < all.length;) {
      const end = at + 1 + Math.floor(next() ** 3 * 100_000);
      client.send(all.subarray(at, end));
      if (next() < 0.3) await turns(1);
      at = end;
    }
    await roundTrip(client);
  });

  contract('5000 pipelined in one go', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    ws.on('message', (data, isBinary) => log(data, isBinary));
    const frames = [];
    for (let i = 0; i < 5000; i++) {
      frames.push(frame(i % 3 ? 0x81 : 0x82, `message ${i}`));
    }
    client.send(Buffer.concat(frames));
    await roundTrip(client);
  });

  contract(
    '20000 empty messages in one go, more than a batch holds',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      let count = 0;
      ws.on('message', () => count++);
      const one = frame(0x82);
      client.send(Buffer.concat(Array(20_000).fill(one)));
      await roundTrip(client);
      log(count);
    },
    (log) => assert.deepStrictEqual(log, [[20_000]])
  );
});

suite('Fragments make one message (§5.4)', () => {
  contract('in any number, empty ones too', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    record(ws, log);
    client.send(frame(0x01));
    client.send(frame(0x80));
    client.send(frame(0x02, 'a'));
    client.send(frame(0x00));
    client.send(frame(0x00, 'b'));
    client.send(frame(0x80));
    client.send(frame(0x01));
    client.send(frame(0x00));
    client.send(frame(0x80, 'c'));
    await roundTrip(client);
  });

  contract(
    'with control frames between them, in their order',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      record(ws, log);
      client.send(
        Buffer.concat([
          frame(0x01, 'a'),
          frame(0x89, '1'),
          frame(0x00, 'b'),
          frame(0x8a, '2'),
          frame(0x89, '3'),
          frame(0x80, 'c'),
          frame(0x89, '4')
        ])
      );
      log(await client.read(9));
      await roundTrip(client);
    },
    (log) =>
      assert.ok(log.some(([first]) => first === 'Buffer 8a01318a01338a0134'))
  );

  contract(
    'of 64 KiB and more, pings between them',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      summarize(ws, log);
      ws.on('pong', (data) => log('pong', data));
      for (const size of [1, 65_535, 65_536, 200_000]) {
        const all = bytes(3 * size);
        client.send(frame(0x02, all.subarray(0, size)));
        client.send(frame(0x8a, 'one'));
        client.send(frame(0x00, all.subarray(size, 2 * size)));
        client.send(frame(0x8a, 'two'));
        client.send(frame(0x80, all.subarray(2 * size)));
      }
      await roundTrip(client);
    }
  );

  contract(
    'that a close frame breaks off are not a message',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      record(ws, log);
      client.send(frame(0x01, 'never'));
      client.send(frame(0x88, Buffer.from('03e8', 'hex')));
      await closed;
    },
    (log) => assert.deepStrictEqual(log, [['close', 1000, 'Buffer ', 3]])
  );
});
