'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { libraries } = require('../support/libraries');
const { open } = require('../support/serve');
const { asking, deflate, ERROR, frame, serveLogged } = require('./support');

const CLOSE = [0x88, '03f3'];
const LOST = 'ERR_STREAM_DESTROYED';

/** Where a panic is asked for, how long the message is, and which connection it takes. */
const PLACES = [
  ['gathering', 'a message', 0],
  ['compressing', 'a message', 0, { connection: deflate }],
  ['deflating', 'a message on another thread', 60_000, { connection: deflate }],
  [
    'finishing',
    'what another thread has compressed',
    60_000,
    { connection: deflate }
  ],
  ['binding', 'a message that is written at once', 60_000, { only: 'ferrows' }]
];

for (const library of ['ferrows', 'streams']) {
  for (const [place, what, length, { connection, only } = {}] of PLACES) {
    if (only !== undefined && only !== library) continue;

    test(`a panic while ${place} ${what} ends one connection with 1011 (${library})`, async (t) => {
      const { closed, logs, port } = await serveLogged(t, libraries[library]);
      const broken = await open(t, port, { ...connection, path: '/broken' });
      const sound = await open(t, port, { path: '/sound' });

      broken.send(frame(0x81, `send ${asking(place, length)}`));
      sound.send(frame(0x81, 'meanwhile'));
      assert.strictEqual(String((await sound.readFrame()).payload), 'got 9');

      const { first, payload } = await broken.readFrame();
      assert.deepStrictEqual([first, payload.toString('hex')], CLOSE);
      assert.strictEqual((await broken.readToEnd()).length, 0);
      await broken.close();
      await closed['/broken'];
      const [message, ...rest] = logs['/broken'];
      assert.strictEqual(message, `send ${asking(place)}`.slice(0, 16));
      assert.deepStrictEqual(rest.sort(), [LOST, ERROR, 'close 1006'].sort());
      assert.ok(rest.indexOf(ERROR) < rest.indexOf('close 1006'));

      sound.send(frame(0x81, 'later'));
      assert.strictEqual(String((await sound.readFrame()).payload), 'got 5');
    });
  }

  test(`a panic in the middle of a frame cuts the connection off (${library})`, async (t) => {
    const { closed, logs, port } = await serveLogged(t, libraries[library]);
    const broken = await open(t, port, { path: '/broken' });
    const sound = await open(t, port, { path: '/sound' });

    broken.send(frame(0x81, `send ${asking('writing')}`));
    sound.send(frame(0x81, 'meanwhile'));
    assert.strictEqual(String((await sound.readFrame()).payload), 'got 9');

    // No close frame: it could be taken for the payload of what was cut.
    const { payload } = await broken.readFrame();
    assert.strictEqual(String(payload), asking('writing'));
    assert.strictEqual((await broken.readToEnd()).length, 0);
    await broken.close();
    await closed['/broken'];
    assert.ok(logs['/broken'].includes(ERROR));
    assert.strictEqual(logs['/broken'].at(-1), 'close 1006');

    sound.send(frame(0x81, 'later'));
    assert.strictEqual(String((await sound.readFrame()).payload), 'got 5');
  });
}

test('a panic while the queue of one connection is drained keeps no event from another', async (t) => {
  const { closed, logs, port, wss } = await serveLogged(t, libraries.ferrows);
  const clients = [];
  for (const path of ['/broken', '/one', '/two']) {
    clients.push(await open(t, port, { path }));
  }
  const [broken, ...sound] = clients;
  const [connection] = wss.clients;

  // More than the kernel takes.
  broken.socket.pause();
  const data = asking('draining', 1_000_000);
  while (connection.bufferedAmount === 0) connection.send(data);
  for (const client of sound) client.send(frame(0x81, 'meanwhile'));
  broken.socket.resume();

  for (const client of sound) {
    assert.strictEqual(String((await client.readFrame()).payload), 'got 9');
  }
  await broken.readToEnd();
  await closed['/broken'];
  assert.deepStrictEqual(logs['/broken'], [ERROR, 'close 1006']);
  assert.deepStrictEqual(logs['/one'], ['meanwhile']);
});
