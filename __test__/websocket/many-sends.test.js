'use strict';

const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { suite, test } = require('node:test');

const WebSocket = require('ws');

const { contract, libraries } = require('../support/contract');
const { shut } = require('../support/session');

/** Enough connections for the outbox to grow when it is full. */
const CONNECTIONS = 130;

/** A server with clients that sum up what they get; all are connected. */
async function audience(lib, t) {
  const wss = new lib.WebSocketServer({ port: 0 });
  t.after(() => shut(wss));
  await once(wss, 'listening');
  const clients = [];

  for (let i = 0; i < CONNECTIONS; i++) {
    const client = new WebSocket(`ws://127.0.0.1:${wss.address().port}`);
    t.after(() => client.terminate());
    client.sum = createHash('sha256');
    client.count = 0;
    client.on('message', (data, isBinary) => {
      client.count++;
      client.sum.update(`${isBinary} ${data.length} `).update(data);
    });
    clients.push(client);
    await once(client, 'open');
  }
  while (wss.clients.size < CONNECTIONS) await once(wss, 'connection');
  return { clients, servers: [...wss.clients] };
}

/** Closes all, and logs what each client has got. */
async function conclude({ clients, servers }, log) {
  const ends = clients.map((client) => once(client, 'close'));
  for (const ws of servers) ws.close();
  await Promise.all(ends);
  for (const { count, sum } of clients) log(count, sum.digest('hex'));
}

suite('More than fits is sent to many clients in one go', () => {
  // The first one here: there is one outbox, and it does not shrink.
  test('there is no memory for a larger outbox: nothing is lost (Ferrows only)', async (t) => {
    const { Int32Array } = globalThis;
    const all = await audience(libraries.ferrows, t);
    let asked = 0;

    globalThis.Int32Array = class {
      constructor() {
        asked++;
        throw new RangeError('Array buffer allocation failed');
      }
    };
    t.after(() => {
      globalThis.Int32Array = Int32Array;
    });
    for (let n = 0; n < 600; n++) {
      for (const ws of all.servers) ws.send(`${n}`);
    }
    globalThis.Int32Array = Int32Array;

    // Each time it was full, and not for each message.
    assert.ok(asked > 0 && asked < 10, `${asked}`);
    const logged = [];
    await conclude(all, (count, sum) => logged.push([count, sum]));
    assert.strictEqual(new Set(logged.map(String)).size, 1);
    assert.strictEqual(logged[0][0], 600);
  });

  /** What is sent to client `i`, the `n`th time. */
  const kinds = {
    // Over 32 768 messages.
    'short strings': [600, (i, n) => `${n} for ${i}`],
    // Over 2 MiB.
    'buffers of 300 bytes': [
      120,
      (i, n) => Buffer.alloc(300, (i * 31 + n) & 0xff)
    ],
    'one string, and one buffer': [
      400,
      (i, n) => (n % 2 ? 'the same' : Buffer.from('the same'))
    ],
    'all kinds, also those that are written at once': [
      150,
      (i, n) =>
        n % 50 === 49
          ? Buffer.alloc(20_000, i)
          : n % 7
            ? 'é'.repeat(n + i)
            : Buffer.alloc(n, i)
    ]
  };

  for (const [title, [count, message]] of Object.entries(kinds)) {
    contract(`${title}: each gets its own, in order`, async (context) => {
      const { lib, log, t } = context;
      const all = await audience(lib, t);
      // The second time in an outbox that has grown.
      for (let round = 0; round < 2; round++) {
        for (let n = 0; n < count; n++) {
          all.servers.forEach((ws, i) => ws.send(message(i, n)));
        }
        await new Promise(setImmediate);
      }
      await conclude(all, log);
    });
  }

  contract('callbacks are called in order, each once', async (context) => {
    const { lib, log, t } = context;
    const all = await audience(lib, t);
    const called = all.servers.map(() => []);

    await new Promise((resolve) => {
      let left = CONNECTIONS * 300;
      for (let n = 0; n < 300; n++) {
        all.servers.forEach((ws, i) =>
          ws.send(`${n}`, (error) => {
            assert.ifError(error);
            called[i].push(n);
            if (--left === 0) resolve();
          })
        );
      }
    });
    for (const numbers of called) {
      assert.deepStrictEqual(numbers, [...Array(300).keys()]);
    }
    await conclude(all, log);
  });

  contract(
    'a connection that was just terminated gets nothing, the others all',
    async ({ lib, log, t }) => {
      const all = await audience(lib, t);
      const [first, ...others] = all.servers;
      const client = all.clients[0];
      const closed = once(client, 'close');

      first.terminate();
      for (let n = 0; n < 400; n++) {
        for (const ws of all.servers) ws.send(`${n}`);
      }
      await closed;
      log(client.count);
      await conclude({ clients: all.clients.slice(1), servers: others }, log);
    }
  );
});
