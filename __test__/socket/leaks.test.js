'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { Child } = require('../support/child');
const { libraries } = require('../support/libraries');
const { frame, RawClient } = require('../support/raw-client');
const { open } = require('../support/serve');

const COUNT = 1000;
/** What Node.js itself keeps and frees at times must be small beside what is measured. */
const ROUNDS = 3;
const AT_ONCE = 50;

/** How connections end. */
const ENDS = [
  (client) => client.socket.end(),
  (client) => client.reset(),
  async (client) => {
    client.send(frame(0x88));
    await client.readFrame();
    client.socket.end();
  },
  (client) => client.send(frame(0x81, 'terminate')),
  (client) => client.send(frame(0x81, 'end')),
  async (client) => {
    client.send(frame(0x83));
    await client.readFrame();
    client.socket.end();
  },
  // In the middle of a header, of a payload, and of a large one.
  (client) => client.socket.end(Buffer.from('82', 'hex')),
  (client) => client.socket.end(Buffer.from('828537fa213d00', 'hex')),
  (client) => client.socket.end(frame(0x82, Buffer.alloc(1e5)).subarray(0, 9e4))
];

/** Opens, uses and drops a connection. */
async function use(port, index) {
  const client = await RawClient.open(port);
  const closed = new Promise((resolve) => client.socket.on('close', resolve));

  client.send(frame(0x81, 'hi'));
  client.send(frame(0x82, Buffer.alloc(1000)));
  await client.readFrame();
  await client.readFrame();
  await ENDS[index % ENDS.length](client);
  await closed;
}

async function useMany(port, count) {
  for (let i = 0; i < count; i += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, j) => use(port, i + j))
    );
  }
}

test('1 000 connections opened, used and dropped leave descriptors, handles and memory where they were', async (t) => {
  const child = new Child(
    t,
    'ferrows',
    ({ lib, say }) => {
      const fs = require('fs');
      const wss = new lib.WebSocketServer({ port: 0, host: '127.0.0.1' });
      const turn = () => new Promise((resolve) => setTimeout(resolve, 50));

      let opened = [];

      /** Waits until only the connection that asks is there, and all others are collected. */
      async function settle() {
        while (wss.clients.size > 1) await turn();
        let count;
        do {
          await turn();
          count = await new Promise((resolve) =>
            wss._server.getConnections((err, count) => resolve(count))
          );
        } while (count > 1);
        for (let i = 0; i < 200 && opened.length > 1; i++) {
          await turn();
          globalThis.gc();
          opened = opened.filter((ref) => ref.deref() !== undefined);
        }
        // The memory of what Node.js has read is given back some collections later.
        for (let i = 0; i < 5; i++) {
          await turn();
          globalThis.gc();
        }
      }

      async function measure(ws) {
        await settle();
        const { heapUsed, external, arrayBuffers } = process.memoryUsage();
        const resources = process.getActiveResourcesInfo();
        ws.send(
          JSON.stringify({
            descriptors: fs.readdirSync('/proc/self/fd').length,
            objects: opened.length,
            // The timers are those of this function and of Node.js's http server; streams that
            // were read have an immediate follow.
            handles: resources
              .filter((name) => !/Timeout|Immediate/.test(name))
              .sort(),
            memory: heapUsed + external + arrayBuffers
          })
        );
      }

      wss.on('listening', () => say(wss.address().port));
      wss.on('connection', (ws) => {
        opened.push(new WeakRef(ws));
        ws.on('error', () => {});
        ws.on('message', (data) => {
          const text = data.length < 20 ? String(data) : '';
          if (text === 'measure') measure(ws);
          else if (text === 'stop') wss.close();
          else if (text === 'terminate') ws.terminate();
          else if (text === 'end') ws._socket.end();
          else ws.send(data);
        });
      });
    },
    ['--expose-gc']
  );
  const port = await child.next();
  const asking = await open(t, port);
  const measure = async () => {
    asking.send(frame(0x81, 'measure'));
    return JSON.parse((await asking.readFrame()).payload);
  };

  // What is made at first use, and what the engine compiles, is there afterwards.
  await useMany(port, COUNT);
  const before = await measure();
  await useMany(port, ROUNDS * COUNT);
  const after = await measure();

  assert.strictEqual(before.objects, 1);
  assert.strictEqual(after.objects, 1);
  assert.strictEqual(after.descriptors, before.descriptors);
  assert.deepStrictEqual(after.handles, before.handles);
  // A connection and its socket take 2 KiB.
  const growth = (after.memory - before.memory) / (ROUNDS * COUNT);
  t.diagnostic(`${growth.toFixed(1)} bytes per connection`);
  assert.ok(growth < 200, `${growth} bytes per connection`);

  asking.send(frame(0x81, 'stop'));
  asking.socket.end();
  assert.strictEqual(await child.end(), 0);
});

test('the slots of closed connections are used again', async (t) => {
  const { serve } = require('../support/serve');
  const { wss, port } = await serve(t, libraries.ferrows);
  const slots = new Set();

  wss.on('connection', (ws) => {
    slots.add(ws._connection.slot);
    ws.on('error', () => {});
    ws.on('message', (data) => {
      if (String(data) === 'terminate') ws.terminate();
      else if (String(data) === 'end') ws._socket.end();
      else ws.send(data);
    });
  });
  await useMany(port, 200);

  // The last ones may not have been released when the next ones come.
  assert.ok(slots.size <= 3 * AT_ONCE, `${slots.size} slots`);
});
