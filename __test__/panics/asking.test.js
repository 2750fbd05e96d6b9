'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { libraries } = require('../support/libraries');
const { open } = require('../support/serve');
const { asking, ERROR, frame, serveLogged, within } = require('./support');

const CLOSE = [0x88, '03f3'];

/** What a program asks of its connection, the place that panics then, and what it is answered. */
const QUESTIONS = [
  ['bufferedAmount', 'counting', (ws) => ws.bufferedAmount, 0],
  ['pause()', 'pausing', (ws) => ws.pause(), undefined],
  [
    'remoteAddress of the socket',
    'naming',
    (ws) => ws._socket.remoteAddress,
    undefined,
    'ferrows'
  ],
  [
    'setNoDelay() of the socket',
    'setting',
    (ws) => void ws._socket.setNoDelay(false),
    undefined,
    'ferrows'
  ]
];

/** A server with a connection that will be broken and a sound one. */
async function serveTwo(t, library) {
  const served = await serveLogged(t, libraries[library]);
  const broken = await open(t, served.port, { path: '/broken' });
  const [ws] = served.wss.clients;
  const sound = await open(t, served.port, { path: '/sound' });
  return { ...served, broken, sound, ws };
}

/** The peer is told 1011, and answers by closing its end. */
async function assertEnded({ first, payload }, broken, closed) {
  assert.deepStrictEqual([first, payload.toString('hex')], CLOSE);
  await broken.close();
  await closed['/broken'];
}

async function assertServed(sound) {
  sound.send(frame(0x81, 'later'));
  assert.strictEqual(String((await sound.readFrame()).payload), 'got 5');
}

for (const library of ['ferrows', 'streams']) {
  for (const [what, place, ask, answer, only] of QUESTIONS) {
    if (only !== undefined && only !== library) continue;
    // A stream is paused by itself.
    if (library === 'streams' && place === 'pausing') continue;

    test(`a panic in ${what} ends one connection with 1011 (${library})`, async (t) => {
      const { broken, closed, logs, sound, ws } = await serveTwo(t, library);

      const said = await within(place, () => ({ answer: ask(ws) }));

      assert.strictEqual(said.answer, answer);
      const { first, payload } = await broken.readFrame();
      assert.deepStrictEqual([first, payload.toString('hex')], CLOSE);
      await broken.close();
      await closed['/broken'];
      assert.deepStrictEqual(logs['/broken'], [ERROR, 'close 1006']);
      await assertServed(sound);
    });
  }

  test(`a panic over the reason of a close frame ends one connection with 1011 (${library})`, async (t) => {
    const { broken, closed, logs, sound } = await serveTwo(t, library);
    const reason = Buffer.from(`\x03\xe8${asking('closing')}`, 'latin1');

    broken.send(frame(0x88, reason));

    const { first, payload } = await broken.readFrame();
    assert.deepStrictEqual([first, payload.toString('hex')], CLOSE);
    await broken.close();
    await closed['/broken'];
    assert.deepStrictEqual(logs['/broken'], [ERROR, 'close 1000']);
    await assertServed(sound);
  });

  test(`a panic while the native side looks up an error is told as one (${library})`, async (t) => {
    const { broken, closed, logs, sound } = await serveTwo(t, library);

    await within('explaining', async () => {
      // RSV3.
      broken.send(frame(0x91));
      await broken.readFrame();
    });

    await broken.close();
    await closed['/broken'];
    assert.deepStrictEqual(logs['/broken'], [ERROR, 'close 1006']);
    await assertServed(sound);
  });

  test(`a panic outside of any connection loses nothing (${library})`, async (t) => {
    const { broken, logs, sound, wss } = await serveTwo(t, library);

    await within('serving', () => {
      for (const ws of wss.clients) ws.send('meanwhile');
      // Ticks and the end of this phase are behind it.
      return new Promise((resolve) => setImmediate(resolve));
    });

    for (const client of [broken, sound]) {
      client.send(frame(0x81, 'later'));
      const { payload } = await client.readFrame();
      assert.strictEqual(String(payload), 'meanwhile');
      assert.strictEqual(String((await client.readFrame()).payload), 'got 5');
    }
    assert.deepStrictEqual(logs, { '/broken': ['later'], '/sound': ['later'] });
  });
}

test('a panic in terminate() ends the connection all the same', async (t) => {
  const { broken, closed, sound, ws } = await serveTwo(t, 'ferrows');

  await within('destroying', () => ws.terminate());

  assert.strictEqual((await broken.readToEnd()).length, 0);
  await broken.close();
  await closed['/broken'];
  await assertServed(sound);
});

test('a panic while a large chunk of a stream is taken ends one connection with 1011', async (t) => {
  const { broken, closed, logs, sound, ws } = await serveTwo(t, 'streams');
  const chunk = frame(0x82, Buffer.alloc(20_000));

  // From the network it may come in pieces, and a second panic cuts the connection off.
  await within('pushing', () => ws._socket.emit('data', chunk));

  await assertEnded(await broken.readFrame(), broken, closed);
  assert.deepStrictEqual(logs['/broken'], [ERROR, 'close 1006']);
  await assertServed(sound);
});

test('a panic while what a stream has to write is taken ends one connection with 1011', async (t) => {
  const { broken, closed, logs, sound, ws } = await serveTwo(t, 'streams');

  ws.send(asking('taking'), (error) => logs['/broken'].push(error.code));

  await assertEnded(await broken.readFrame(), broken, closed);
  assert.deepStrictEqual(
    logs['/broken'].sort(),
    ['ERR_STREAM_DESTROYED', ERROR, 'close 1006'].sort()
  );
  await assertServed(sound);
});

test('a panic over the header of a large message ends one connection with 1011', async (t) => {
  const { broken, closed, logs, sound, ws } = await serveTwo(t, 'streams');
  const told = new Promise((resolve) => {
    void within('framing', () => ws.send(Buffer.alloc(100_000), resolve));
  });

  assert.strictEqual((await told).code, 'FERROWS_ERR_INTERNAL');
  await assertEnded(await broken.readFrame(), broken, closed);
  assert.deepStrictEqual(logs['/broken'], [ERROR, 'close 1006']);
  await assertServed(sound);
});

test('a client whose masks panic fails', async (t) => {
  const { wss, port } = await serveLogged(t, libraries.ws);
  const client = new libraries.ferrows(`ws://127.0.0.1:${port}`, {
    generateMask: (mask) => mask.fill(0x37),
    perMessageDeflate: false
  });
  await once(client, 'open');
  const errored = once(client, 'error');
  const [ws] = wss.clients;

  client.send(Buffer.from(asking('masking')));

  assert.strictEqual((await errored)[0].code, 'FERROWS_ERR_INTERNAL');
  const [code] = await once(ws, 'close');
  assert.strictEqual(code, 1011);
});
