'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { session, turns } = require('../support/session');

const MIB = 1024 * 1024;

/** Reads that many bytes and forgets them. */
async function discard(socket, count) {
  socket.removeAllListeners('data');
  socket.on('data', ({ length }) => (count -= length));
  socket.resume();
  while (count > 0) await turns(1);
}

suite('bufferedAmount', () => {
  contract(
    'is 0 as long as the kernel takes all',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      log(ws.bufferedAmount);
      for (const size of [0, 1, 125, 20_000, 70_000]) {
        ws.send(Buffer.alloc(size));
        log(ws.bufferedAmount);
      }
      ws.ping('ping');
      log(ws.bufferedAmount);
      ws.send('a');
      ws.send('b');
      log(ws.bufferedAmount);
      await client.read(1);
    },
    (log) => assert.ok(log.every(([amount]) => amount === 0))
  );

  contract(
    'is 0 within a "message" listener that sends',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      ws.on('message', (data) => {
        ws.send(data);
        log(ws.bufferedAmount);
      });
      client.send(Buffer.concat(Array(20).fill(frame(0x81, 'message'))));
      await client.read(20 * 9);
    },
    (log) => assert.ok(log.every(([amount]) => amount === 0))
  );

  contract(
    'grows by frames with their headers while the peer does not read, and drains',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      client.socket.pause();
      let sent = 0;
      const send = (size, header) => {
        ws.send(Buffer.alloc(size));
        sent += size + header;
      };

      while (ws.bufferedAmount === 0) send(MIB, 10);
      const start = ws.bufferedAmount;
      send(100, 2);
      log(ws.bufferedAmount - start);
      send(20_000, 4);
      log(ws.bufferedAmount - start);
      send(70_000, 10);
      log(ws.bufferedAmount - start);
      ws.send('text');
      ws.ping();
      log(ws.bufferedAmount - start);
      await discard(client.socket, sent + 6 + 2);
      while (ws.bufferedAmount !== 0) await turns(1);
      log(ws.bufferedAmount);
    },
    (log) =>
      assert.deepStrictEqual(log, [[102], [20_106], [90_116], [90_124], [0]])
  );

  contract(
    'ends the loop `while (ws.bufferedAmount === 0) ws.send(data)` (WS-CONTRACT 14)',
    async ({ lib, log, t }) => {
      for (const size of [1000, 16_000, 32 * 1024, MIB]) {
        for (const data of [Buffer.alloc(size), 'a'.repeat(size)]) {
          const { client, ws } = await session({ lib, t });
          client.socket.pause();
          while (ws.bufferedAmount === 0) ws.send(data);
          log(size, ws.bufferedAmount > 0);
          client.socket.destroy();
        }
      }
    }
  );

  contract(
    'ends that loop within a "message" listener, too',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      const looped = new Promise((resolve) => {
        ws.on('message', () => {
          client.socket.pause();
          while (ws.bufferedAmount === 0) ws.send('a'.repeat(1000));
          log(ws.bufferedAmount > 0);
          resolve();
        });
      });
      client.send(frame(0x81));
      await looped;
    }
  );

  contract(
    'grows by what send() is given after close(), and keeps that',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      ws.close();
      ws.send('aé€');
      log(ws.bufferedAmount);
      ws.ping(Buffer.alloc(10));
      ws.pong(12);
      ws.send(new Float64Array(2));
      log(ws.bufferedAmount);
      client.send(frame(0x88));
      await closed;
      log(ws.bufferedAmount);
      ws.send('more');
      log(ws.bufferedAmount);
    },
    (log) => assert.deepStrictEqual(log, [[6], [34], [34], [38]])
  );

  contract(
    'is 0 once the connection was cut off with bytes in the queue',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      client.socket.pause();
      while (ws.bufferedAmount === 0) ws.send(Buffer.alloc(MIB));
      ws.terminate();
      await closed;
      await turns();
      log(ws.bufferedAmount);
    },
    (log) => assert.deepStrictEqual(log, [[0]])
  );
});
