'use strict';

// Where no descriptor can be taken over there is no epoll instance and nothing that libuv watches.

require('../support/without-pump');

const assert = require('node:assert');
const net = require('node:net');
const { test } = require('node:test');

const lib = require('../..');
const { frame } = require('../support/raw-client');
const { open, pair } = require('../support/serve');
const { turns } = require('../support/session');
const { runScenarios } = require('../streams/scenarios');
const { memorySession } = require('../streams/support');
const { LIBRARIES, run } = require('./support');

/** Runs a program without a pump, too. */
const FLAGS = ['--require', require.resolve('../support/without-pump')];

/** Messages in one chunk: more than Rust delivers before timers and other sockets have their turn. */
const MANY = 300_000;

test('leaves a TCP connection in its socket', async (t) => {
  const { client, ws } = await pair(t, lib);

  assert.strictEqual(Object.getPrototypeOf(ws._socket), net.Socket.prototype);
  assert.strictEqual(ws._socket._handle.constructor.name, 'TCP');

  ws.on('message', (data) => ws.send(data, { binary: false }));
  client.send(frame(0x81, 'hello'));
  assert.strictEqual((await client.readFrame()).payload.toString(), 'hello');
});

test('goes on with what one chunk brought, in later iterations of the loop', async (t) => {
  const { far, ws } = await memorySession({ lib, t });
  const empty = frame(0x82);
  let count = 0;
  let batches = 0;

  ws.on('message', () => count++);
  far.write(Buffer.alloc(MANY * empty.length, empty));

  for (let idle = 0, seen = 0; count < MANY && idle < 1000; idle++) {
    await turns(1);
    if (count === seen) continue;
    batches++;
    idle = 0;
    seen = count;
  }

  assert.strictEqual(count, MANY);
  assert.ok(batches > 1, `${batches} iterations`);
});

for (const how of [
  'no server',
  'closed before a client came',
  'terminated',
  'unreferenced'
]) {
  test(`lets a process end: ${how}`, async (t) => {
    const program = run(t, 'ending.js', [LIBRARIES.ferrows, how], {
      flags: FLAGS
    });

    if (how === 'terminated' || how === 'unreferenced') {
      const port = await program.read();
      const clients = [];
      for (let i = 0; i < 3; i++) clients.push(await open(t, port));
      clients[0].send(frame(0x81, 'hello'));
      for (const client of clients) await client.readToEnd();
    }

    await program.success();
  });
}

for (const how of ['process.exit()', 'throw', 'terminate()']) {
  test(`sends what was sent before: ${how}`, async (t) => {
    const program = run(t, 'last-words.js', [LIBRARIES.ferrows, how], {
      flags: FLAGS
    });
    const client = await open(t, await program.read());

    client.send(frame(0x81, 'now'));
    assert.strictEqual((await client.readFrame()).payload.toString(), 'last');
    await client.readToEnd();
  });
}

runScenarios('without a pump');
