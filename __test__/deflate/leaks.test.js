'use strict';

// FERROWS_LEAK_CONNECTIONS says how many connections; `npm run test:leaks` makes 100 000 of them.

const assert = require('node:assert');
const { test } = require('node:test');

const { Child } = require('../support/child');
const { frame, RawClient } = require('../support/raw-client');
const { open } = require('../support/serve');
const { compressed, NAME, noise, words } = require('./support');

const COUNT = Number(process.env.FERROWS_LEAK_CONNECTIONS ?? 3000);
/** What is made at first use, and what the engine compiles, is there behind these. */
const WARM_UP = Math.max(500, COUNT / 10);
const AT_ONCE = 50;

/** Bytes by which the process may grow whatever the count; a zlib state alone has 300 KiB. */
const MAY_GROW = 24 * 1024 * 1024;

const SMALL = frame(0xc1, compressed(words(300)));
/** It fills the windows of both directions. */
const WINDOW = frame(0xc2, compressed(noise(20_000)));
/** More than is decompressed, and then compressed, on JavaScript's thread. */
const LARGE = frame(0xc1, compressed(words(400_000)));
const [FIRST, LAST] = [0x41, 0x80].map((first) => frame(first, compressed('')));

const AGREEMENTS = [
  NAME,
  `${NAME}; server_no_context_takeover; client_no_context_takeover`,
  `${NAME}; server_max_window_bits=10`
].map((value) => ({ 'Sec-WebSocket-Extensions': value }));

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
  // In the middle of a message in fragments, of a frame, and of one that is no DEFLATE.
  (client) => client.socket.end(FIRST),
  (client) => client.socket.end(Buffer.concat([FIRST, LAST, FIRST])),
  (client) => client.socket.end(LARGE.subarray(0, 3000)),
  (client) => client.send(frame(0xc1, Buffer.from('ffff', 'hex'))),
  // While both ends have to do on other threads.
  (client) => {
    client.send(LARGE);
    client.reset();
  },
  (client) => {
    client.send(LARGE);
    client.send(frame(0x81, 'terminate'));
  },
  (client) => client.send(frame(0x81, 'large, terminate'))
];

/** Opens, uses and drops a connection. */
async function use(port, index) {
  const headers = AGREEMENTS[index % AGREEMENTS.length];
  const client = await RawClient.open(port, { headers });
  const closed = new Promise((resolve) => client.socket.on('close', resolve));

  client.send(SMALL);
  client.send(index % 2 === 0 ? WINDOW : SMALL);
  await client.readFrame();
  await client.readFrame();
  await ENDS[index % ENDS.length](client);
  client.socket.resume();
  await closed;
}

async function useMany(port, count) {
  for (let i = 0; i < count; i += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, j) => use(port, i + j))
    );
  }
}

test(`${COUNT} connections that negotiate, compress and drop leave memory where it was`, async (t) => {
  const child = new Child(
    t,
    'ferrows',
    ({ lib, say }) => {
      const wss = new lib.WebSocketServer({
        host: '127.0.0.1',
        perMessageDeflate: { releaseAfter: 100, threshold: 0 },
        port: 0
      });
      const turn = () => new Promise((resolve) => setTimeout(resolve, 50));
      const large = 'large '.repeat(100_000);
      let compressed = 0;

      /** Waits until only the connection that asks is there, and all is given back. */
      async function measure(ws) {
        while (wss.clients.size > 1) await turn();
        for (let i = 0; i < 20; i++) {
          await turn();
          globalThis.gc();
        }
        const { rss, heapUsed, external } = process.memoryUsage();
        ws.send(JSON.stringify({ rss, js: heapUsed + external, compressed }), {
          compress: false
        });
      }

      wss.on('listening', () => say(wss.address().port));
      wss.on('connection', (ws) => {
        if (ws.extensions) compressed++;
        ws.on('error', () => {});
        ws.on('message', (data) => {
          const text = data.length < 20 ? String(data) : '';
          if (text === 'measure') measure(ws);
          else if (text === 'stop') wss.close();
          else if (text === 'terminate') ws.terminate();
          else if (text === 'large, terminate') {
            ws.send(large);
            ws.send('behind it');
            setImmediate(() => ws.terminate());
          } else ws.send(data);
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

  await useMany(port, WARM_UP);
  const before = await measure();
  const started = performance.now();
  await useMany(port, COUNT);
  const seconds = (performance.now() - started) / 1000;
  const after = await measure();
  const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1);

  t.diagnostic(
    `RSS ${mib(before.rss)} MiB before, ${mib(after.rss)} MiB after ` +
      `${COUNT} connections in ${seconds.toFixed(1)} s`
  );
  assert.ok(after.compressed - before.compressed >= COUNT);
  for (const key of ['rss', 'js']) {
    const growth = after[key] - before[key];
    assert.ok(growth < MAY_GROW, `${key}: ${growth} bytes more`);
  }

  asking.send(frame(0x81, 'stop'));
  asking.socket.end();
  assert.strictEqual(await child.end(), 0);
});
