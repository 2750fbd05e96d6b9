'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { libraries } = require('../support/libraries');
const { open, refused, serve } = require('../support/serve');
const { frame, serveLogged, within } = require('./support');

/** What a peer asks for, or what is told to panic while its request is answered. */
const PLACES = [
  ['checking', { 'Sec-WebSocket-Version': 'panic in checking' }],
  ['subprotocols', { 'Sec-WebSocket-Protocol': 'panic in subprotocols' }],
  ['extensions', { 'Sec-WebSocket-Extensions': 'panic in extensions' }],
  [
    'formatting',
    { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
    { told: true }
  ]
];

for (const library of ['ferrows', 'streams']) {
  for (const [place, headers, { told } = {}] of PLACES) {
    test(`a panic in ${place} of a request is answered with 500 (${library})`, async (t) => {
      const { logs, port, wss } = await serveLogged(t, libraries[library]);
      const sound = await open(t, port, { path: '/sound' });
      wss.on('wsClientError', () => assert.fail('the client is not at fault'));

      const response = await within(told ? place : undefined, () =>
        refused(t, port, { headers })
      );

      assert.match(response, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
      assert.match(response, /\r\n\r\nInternal Server Error$/);
      assert.strictEqual(wss.clients.size, 1);
      sound.send(frame(0x81, 'later'));
      assert.strictEqual(String((await sound.readFrame()).payload), 'got 5');
      assert.deepStrictEqual(logs['/sound'], ['later']);
    });
  }
}

test('a panic behind a verifyClient that takes its time is answered with 500, and leaves its place', async (t) => {
  let verified;
  const { port } = await serve(t, libraries.ferrows, {
    maxConnections: 1,
    perMessageDeflate: true,
    verifyClient: (info, callback) => setImmediate(() => verified(callback))
  });
  const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

  verified = (callback) => callback(true);
  const response = await within('formatting', () =>
    refused(t, port, { headers })
  );
  assert.match(response, /^HTTP\/1\.1 500 /);

  // Another one is admitted.
  const client = await open(t, port);
  await client.close();
});

test('a socket that cannot be taken over because of a panic stays a stream', async (t) => {
  const { port } = await serveLogged(t, libraries.ferrows);

  const client = await within('adopting', () =>
    open(t, port, { path: '/stream' })
  );

  client.send(frame(0x81, 'hello'));
  assert.strictEqual(String((await client.readFrame()).payload), 'got 5');
});

test('a panic while a stream is taken in cuts its connection off', async (t) => {
  const { logs, port, wss } = await serveLogged(t, libraries.streams);
  const sound = await open(t, port, { path: '/sound' });

  const response = await within('attaching', () => refused(t, port));

  // The response had left before.
  assert.match(response, /^HTTP\/1\.1 101 /);
  assert.strictEqual(wss.clients.size, 1);
  sound.send(frame(0x81, 'later'));
  assert.strictEqual(String((await sound.readFrame()).payload), 'got 5');
  assert.deepStrictEqual(Object.keys(logs), ['/sound']);
});
