'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { libraries } = require('../support/contract');
const { serve } = require('../support/serve');
const { noise, words } = require('./support');

/** What each end sends: whole messages, and one in fragments. */
const MESSAGES = [
  '',
  'a',
  words(100),
  words(100),
  words(1100),
  words(1100),
  noise(700),
  noise(700),
  words(40_000, 2),
  noise(20_000, 2),
  '',
  words(40_000, 2)
];
const FRAGMENTS = [words(1500), '', noise(300), words(1500)];

/** Every combination of what both ends can agree on. */
const COMBINATIONS = [8, 9, 10, 11, 12, 13, 14, 15].flatMap((bits) =>
  [true, undefined].flatMap((serverNoContextTakeover) =>
    [true, undefined].flatMap((clientNoContextTakeover) =>
      [0, 1024].map((threshold) => ({
        // Of different sizes, but for one.
        clientMaxWindowBits: 23 - bits,
        clientNoContextTakeover,
        serverMaxWindowBits: bits,
        serverNoContextTakeover,
        threshold
      }))
    )
  )
);

/** Sends everything; `Blob`s and buffers are as good as strings. */
function sendAll(ws) {
  for (const message of MESSAGES) ws.send(message);
  FRAGMENTS.forEach((data, i) => {
    ws.send(data, { binary: true, fin: i === FRAGMENTS.length - 1 });
  });
  ws.send(new Blob([words(3000)]));
  ws.send('plain', { compress: false });
}

const EXPECTED = [
  ...MESSAGES.map((message) => Buffer.from(message)),
  Buffer.concat(FRAGMENTS.map((data) => Buffer.from(data))),
  Buffer.from(words(3000)),
  Buffer.from('plain')
];

/** Resolves with the messages of a connection when all have come. */
function receiveAll(ws) {
  return new Promise((resolve, reject) => {
    const received = [];

    ws.on('error', reject);
    ws.on('close', (code) => reject(new Error(`Closed: ${code}`)));
    ws.on('message', (data) => {
      received.push(data);
      if (received.length === EXPECTED.length) resolve(received);
    });
  });
}

for (const [server, client] of [
  ['ws', 'ferrows'],
  ['ferrows', 'ws'],
  ['ferrows', 'ferrows'],
  ['ws', 'streams'],
  ['streams', 'ws'],
  ['streams', 'streams']
]) {
  test(`a server of ${server} and a client of ${client} understand each other under every agreement`, async (t) => {
    for (const perMessageDeflate of COMBINATIONS) {
      const { port, wss } = await serve(t, libraries[server], {
        perMessageDeflate
      });
      const connection = once(wss, 'connection');
      const options = {
        perMessageDeflate: { threshold: perMessageDeflate.threshold }
      };
      const ws = new libraries[client](`ws://127.0.0.1:${port}`, options);
      const there = receiveAll(ws);
      const [peer] = await connection;
      const here = receiveAll(peer);

      if (ws.readyState === ws.CONNECTING) await once(ws, 'open');
      sendAll(ws);
      sendAll(peer);
      for (const received of await Promise.all([here, there])) {
        assert.ok(
          received.every((data, i) => data.equals(EXPECTED[i])),
          JSON.stringify(perMessageDeflate)
        );
      }
      ws.terminate();
      wss.close();
    }
  });
}
