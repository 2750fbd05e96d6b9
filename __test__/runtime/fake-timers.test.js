'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open, serve } = require('../support/serve');
const { LIBRARIES, run } = require('./support');

for (const when of ['before', 'after']) {
  contract(
    `sends and closes with fake timers that never run, installed ${when} it is loaded (flushing rule)`,
    async ({ log, name, t }) => {
      const program = run(t, 'fake-timers.js', [LIBRARIES[name], when]);
      const client = await open(t, await program.read());

      client.send(frame(0x81, 'bye'));
      for (let i = 0; i < 4; i++) {
        const { first, payload } = await client.readFrame();
        log(first, payload);
      }
      client.send(frame(0x88, Buffer.from('0fa0', 'hex')));
      client.socket.end();
      log(await client.readToEnd());
      await program.success();
    },
    (log) => assert.strictEqual(log.length, 5)
  );
}

contract(
  "sends with node:test's mock timers, and runs the close timer when they say so (WS-CONTRACT 25)",
  async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    const connected = once(wss, 'connection');
    const client = await open(t, port);
    const [ws] = await connected;
    const closed = once(ws, 'close');

    t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate', 'Date'] });
    try {
      ws.send('one');
      log(await client.readFrame());
      ws.on('message', (data) => ws.send(data));
      client.send(frame(0x81, 'two'));
      log(await client.readFrame());

      ws.close(4000);
      log(await client.readFrame());
      t.mock.timers.tick(29_999);
      log(ws.readyState, ws._socket.destroyed);
      t.mock.timers.tick(1);
      log(ws._socket.destroyed);
      log(await closed);
    } finally {
      t.mock.timers.reset();
    }
  },
  (log) => assert.deepStrictEqual(log.slice(3, 5), [[2, false], [true]])
);

// ws's sockets need the real one themselves; the function taken at load keeps Ferrows going.
test('sends when process.nextTick is a fake that never runs (flushing rule)', async (t) => {
  const { port, wss } = await serve(t, libraries.ferrows);
  const connected = once(wss, 'connection');
  const client = await open(t, port);
  const [ws] = await connected;
  const { nextTick } = process;
  const sent = new Promise((resolve) => {
    client.socket.on('data', resolve);
    process.nextTick = () => {};
    try {
      ws.send('hello', () => {});
    } finally {
      // Node.js looks it up whenever it reads.
      setImmediate(() => (process.nextTick = nextTick));
    }
  });

  assert.strictEqual((await sent).subarray(-5).toString(), 'hello');
});
