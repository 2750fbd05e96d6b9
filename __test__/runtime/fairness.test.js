'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open, serve } = require('../support/serve');
const { LIBRARIES, run, ThreadClient } = require('./support');

for (const name of ['ws', 'ferrows']) {
  test(`replies while listeners of the same batch are busy, not after the batch: ${name}`, async (t) => {
    const program = run(t, 'busy.js', [LIBRARIES[name]]);

    assert.deepStrictEqual(await program.read(), { missing: 0 });
    await program.success();
  });
}

// ws is no reference for speed here: its ticks are some hundred milliseconds apart.
test('timers run while 20 connections flood', async (t) => {
  const program = run(t, 'flooded.js', [LIBRARIES.ferrows]);
  const port = await program.read();
  const chunk = Buffer.concat(Array(2000).fill(frame(0x81, 'x'.repeat(20))));

  const clients = await Promise.all(
    Array.from({ length: 20 }, () => open(t, port))
  );

  for (const { socket } of clients) {
    const flood = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', flood);
    flood();
  }

  const { messages, ticks } = await program.read();
  assert.strictEqual(ticks, 10);
  assert.ok(messages > 1000, `${messages} messages`);
  await program.success();
});

test('a connection that floods does not keep another waiting (budget of a turn)', async (t) => {
  const { port, wss } = await serve(t, libraries.ferrows);
  const message = frame(0x81, 'x'.repeat(100));
  const count = 40_000;
  const order = [];
  let all;
  const received = new Promise((resolve) => (all = resolve));

  // While this thread does nothing, the one client sends far more than a turn may read of it.
  const connected = once(wss, 'connection');
  const flooding = await ThreadClient.open(t, port);
  const [flooded] = await connected;
  flooded.on('message', () => {
    order.push('flood');
    if (order.length === count + 1) all();
  });
  wss.on('connection', (ws) => ws.on('message', () => order.push('quiet')));
  const quiet = await open(t, port);

  flooding.send(Buffer.concat(Array(count).fill(message)), 'more');
  quiet.send(message);
  await received;
  assert.ok(order.indexOf('quiet') < count / 2, `${order.indexOf('quiet')}`);
});
