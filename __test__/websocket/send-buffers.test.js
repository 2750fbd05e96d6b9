'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { suite, test } = require('node:test');

const WebSocket = require('ws');

const { hasLibuv } = require('../../lib/runtime');
const { comparesStreams, contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { session, shut } = require('../support/session');

const SIZES = [1, 100, 16_383, 16_384, 32_768, 70_000, 1_000_000];

/** Ends the connection, and returns all that the peer got but the close frame. */
async function received(client) {
  client.send(frame(0x88));
  const bytes = await client.readToEnd();
  return bytes.subarray(0, -2);
}

suite('A buffer is the user’s again as soon as send() has returned', () => {
  for (const size of SIZES) {
    contract(
      `it may be transferred: ${size} bytes`,
      async ({ lib, log, t }) => {
        const { client, ws } = await session({ lib, t });
        const memory = new ArrayBuffer(size);
        new Uint8Array(memory).fill(0x61);
        ws.send(memory);
        structuredClone(memory, { transfer: [memory] });
        ws.send('behind');
        log((await received(client)).toString('hex').slice(0, 60));
      }
    );
  }
});

suite('A buffer that is refilled right after send() was sent as it was', () => {
  // ws gives the kernel the user's memory at once, too; only what the kernel refuses would be sent
  // as it is later. Ferrows has copied that.
  for (const size of [1, 100, 16_383, 16_384, 32_768]) {
    contract(`of ${size} bytes`, async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      const data = Buffer.alloc(size);
      for (let i = 0; i < 5; i++) {
        data.fill(i);
        ws.send(data);
      }
      data.fill(0xff);
      log(await received(client));
    });
  }

  // A stream keeps a large payload until it is written, as with ws.
  if (!comparesStreams() && hasLibuv) {
    test('whatever the kernel refuses (Ferrows only)', async (t) => {
      const { client, ws } = await session({ lib: libraries.ferrows, t });
      const data = Buffer.alloc(32 * 1024);
      let count = 0;

      client.socket.pause();
      for (; ws.bufferedAmount < 4 * 1024 * 1024; count++) {
        data.fill(count & 0xff);
        ws.send(data);
      }
      data.fill(0xff);
      client.socket.resume();

      for (let i = 0; i < count; i++) {
        const bytes = await client.read(4 + data.length);
        assert.strictEqual(bytes.readUInt32BE(0), 0x827e8000);
        assert.ok(
          bytes.subarray(4).every((byte) => byte === (i & 0xff)),
          `${i}`
        );
      }
    });
  }
});

suite('One message to many', () => {
  contract(
    'one string to 100 clients, each time another string, and in alternation',
    async ({ lib, log, t }) => {
      const wss = new lib.WebSocketServer({ port: 0 });
      t.after(() => shut(wss));
      await once(wss, 'listening');
      const clients = [];

      for (let i = 0; i < 100; i++) {
        const client = new WebSocket(`ws://127.0.0.1:${wss.address().port}`);
        t.after(() => client.terminate());
        client.messages = [];
        client.on('message', (data) => client.messages.push(data.toString()));
        clients.push(client);
        await once(client, 'open');
      }
      while (wss.clients.size < clients.length) await once(wss, 'connection');

      const send = (message) => {
        for (const ws of wss.clients) ws.send(message);
      };
      for (let i = 0; i < 20; i++) send(`message ${i}`);
      send('€'.repeat(6000));
      send('');
      for (const ws of wss.clients) {
        for (const message of ['a', 'b', 'a', 'a', '', 'b']) ws.send(message);
        ws.send(Buffer.from('binary'));
      }
      let index = 0;
      for (const ws of wss.clients) ws.send(`yours, ${index++ % 2}`);
      send('x'.repeat(100_000));

      const ends = clients.map((client) => once(client, 'close'));
      for (const ws of wss.clients) ws.close();
      await Promise.all(ends);
      for (const { messages } of clients) log(...messages.map(shorten));
    },
    (log) => {
      assert.strictEqual(log.length, 100);
      assert.ok(log.every((messages) => messages.length === 31));
    }
  );

  contract(
    'more than the outbox holds, in one tick',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      for (let i = 0; i < 40_000; i++) ws.send(`message ${i}`);
      for (let i = 0; i < 500; i++) ws.send(Buffer.alloc(5000, i));
      for (let i = 0; i < 500; i++)
        ws.send(String.fromCharCode(i % 128).repeat(5461));
      log(await received(client));
    }
  );

  contract('small and large ones keep their order', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    for (let i = 0; i < 20; i++) {
      ws.send(`small ${i}`);
      ws.send(Buffer.alloc(40_000, i));
      ws.ping(`ping ${i}`);
      ws.send('z'.repeat(17_000));
      ws.pong();
    }
    log(await received(client));
  });

  contract(
    'from within a "message" listener and from a tick, in their order',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      ws.on('message', (data) => {
        ws.send(data);
        process.nextTick(() => ws.send('tick'));
        Promise.resolve().then(() => ws.send('microtask'));
        setImmediate(() => ws.send('immediate'));
      });
      client.send(frame(0x81, 'one'));
      log(await client.read(5 + 6 + 11 + 11));
    }
  );
});

function shorten(message) {
  return message.length > 100 ? `${message[0]} × ${message.length}` : message;
}
