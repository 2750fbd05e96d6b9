'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { frame, RawClient } = require('../support/raw-client');
const { open } = require('../support/serve');
const { LIBRARIES, run } = require('./support');

/** How many descriptors the server's process may have; it needs some 25 of them itself. */
const DESCRIPTORS = 50;

/** Has a client's message echoed. */
async function echo(client, text) {
  client.send(frame(0x81, text));
  assert.strictEqual((await client.readFrame()).payload.toString(), text);
}

/** Waits until the server has seen that all clients are gone. */
async function empty(program) {
  do program.write('count');
  while ((await program.read()) !== 0);
}

for (const name of ['ws', 'ferrows']) {
  test(`survives when there are no descriptors left for new connections: ${name}`, async (t) => {
    const program = run(t, 'descriptors.js', [LIBRARIES[name]], {
      descriptors: DESCRIPTORS
    });
    const port = await program.read();

    // All at once, also before the library had its first connection.
    const attempts = await Promise.allSettled(
      Array.from({ length: 2 * DESCRIPTORS }, () => RawClient.open(port))
    );
    for (const { value } of attempts) value?.socket.destroy();
    await empty(program);

    for (let round = 0; round < 3; round++) {
      const clients = [];

      // Some get in, some do not; those that did are served.
      for (let i = 0; i < DESCRIPTORS; i++) {
        try {
          clients.push(await RawClient.open(port));
        } catch {
          // The server has closed the connection, as it had no descriptor for it.
        }
      }
      const accepted = clients.filter(({ response }) =>
        response.startsWith('HTTP/1.1 101')
      );
      assert.ok(accepted.length > 5, `${accepted.length} got in`);
      assert.ok(accepted.length < DESCRIPTORS);
      for (const client of accepted) await echo(client, `round ${round}`);

      for (const { socket } of clients) socket.destroy();
      await empty(program);
    }

    await echo(await open(t, port), 'afterwards');
    program.child.stdin.end();
    await program.success();
  });
}

test('serves a connection over its own socket when the descriptor for its duplicate is missing', async (t) => {
  const program = run(t, 'descriptors.js', [LIBRARIES.ferrows], {
    descriptors: DESCRIPTORS
  });
  const port = await program.read();
  const clients = [];

  // Node.js accepts with one descriptor left, and the duplicate would need another. Then there is
  // none, and the next is not accepted.
  for (;;) {
    try {
      const client = await open(t, port);
      assert.match(client.response, /^HTTP\/1\.1 101 /);
      clients.push(client);
    } catch {
      break;
    }
  }

  assert.ok(clients.length > 5);
  for (const client of clients) await echo(client, 'here');

  clients.pop().socket.destroy();
  program.child.stdin.end();
  await program.success();
});
