'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');
const WebSocket = require('ws');

const { LIBRARIES, run } = require('./support');

/** Connects clients until each of `workers` has some. */
async function connect(t, port, workers) {
  const clients = [];

  while (
    new Set(clients.map(({ worker }) => worker)).size < workers ||
    clients.length < 10
  ) {
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    t.after(() => client.terminate());
    const [data] = await once(client, 'message');
    clients.push({ client, worker: String(data).replace('worker ', '') });
    if (clients.length === 200) break;
  }

  return clients;
}

/** Has all clients send, and checks that the worker they are connected to answers. */
async function talk(clients) {
  await Promise.all(
    clients.map(async ({ client, worker }, i) => {
      for (let round = 0; round < 10; round++) {
        client.send(`hello ${i} ${round}`);
        const [data] = await once(client, 'message');
        assert.strictEqual(String(data), `${worker}: hello ${i} ${round}`);
      }
    })
  );
}

for (const name of ['ws', 'ferrows']) {
  test(`serves through the port that workers of a cluster share: ${name}`, async (t) => {
    const program = run(t, 'cluster.js', [LIBRARIES[name], 'round robin']);
    const port = await program.read();
    const clients = await connect(t, port, 2);
    await talk(clients);

    // One worker exits: its clients learn of it, the others do not.
    const [{ client: first, worker }] = clients;
    const victims = clients.filter((other) => other.worker === worker);
    const others = clients.filter((other) => other.worker !== worker);
    const closed = victims.map(({ client }) => once(client, 'close'));
    const bye = once(first, 'message');

    first.send('exit');
    assert.strictEqual(String((await bye)[0]), 'bye');
    for (const [code] of await Promise.all(closed))
      assert.strictEqual(code, 1006);
    assert.deepStrictEqual(await program.read(), {
      code: 3,
      left: 1,
      signal: null
    });
    await talk(others);

    // The other one serves all new clients.
    const late = await connect(t, port, 1);
    await talk(late);
    assert.ok(late.every((client) => client.worker === others[0].worker));

    // It ends by itself when its connections have, and the primary after it.
    const left = [...others, ...late].map(({ client }) =>
      once(client, 'close')
    );
    late[0].client.send('leave');
    for (const [code] of await Promise.all(left))
      assert.strictEqual(code, 4000);
    assert.deepStrictEqual(await program.read(), {
      code: 0,
      left: 0,
      signal: null
    });
    await program.success();
  });

  test(`serves through a port that workers of a cluster accept from: ${name}`, async (t) => {
    const program = run(t, 'cluster.js', [LIBRARIES[name], 'none']);
    const clients = await connect(t, await program.read(), 1);
    await talk(clients);
  });
}
