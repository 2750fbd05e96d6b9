'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { libraries } = require('../support/libraries');
const { open } = require('../support/serve');
const {
  asking,
  compressed,
  deflate,
  ERROR,
  frame,
  serveLogged
} = require('./support');

const squeezed = (place, length) =>
  frame(0xc1, compressed(asking(place, length)));

/** Where a panic is asked for, and what the peer sends for it. */
const PLACES = [
  ['decoding', 'a message', frame(0x81, asking('decoding'))],
  ['reading', 'a message', frame(0x81, asking('reading'))],
  [
    'assembling',
    'a message in fragments',
    Buffer.concat([frame(0x01, asking('assembling')), frame(0x80)])
  ],
  [
    'receiving',
    'a large message',
    frame(0x82, asking('receiving', 1_000_000)),
    { only: 'ferrows' }
  ],
  [
    'decompressing',
    'a compressed message',
    squeezed('decompressing'),
    { connection: deflate }
  ],
  [
    'inflating',
    'what another thread decompresses',
    squeezed('inflating', 600_000),
    { connection: deflate }
  ],
  [
    'accepting',
    'what another thread has decompressed',
    squeezed('accepting', 600_000),
    { connection: deflate }
  ]
];

for (const library of ['ferrows', 'streams']) {
  for (const [place, what, bytes, { connection, only } = {}] of PLACES) {
    if (only !== undefined && only !== library) continue;

    test(`a panic while ${place} ${what} ends one connection with 1011 (${library})`, async (t) => {
      const { closed, logs, port } = await serveLogged(t, libraries[library]);
      const broken = await open(t, port, { ...connection, path: '/broken' });
      const sound = await open(t, port, { path: '/sound' });

      broken.send(Buffer.concat([frame(0x81, 'before'), bytes]));
      sound.send(frame(0x81, 'meanwhile'));
      assert.strictEqual(String((await sound.readFrame()).payload), 'got 9');

      // The answer to what was decoded before it, compressed or not, leaves before the close frame.
      assert.strictEqual((await broken.readFrame()).first & 0x8f, 0x81);
      const { first, payload } = await broken.readFrame();
      assert.deepStrictEqual([first, payload.toString('hex')], [0x88, '03f3']);
      broken.send(frame(0x88, payload));
      assert.strictEqual((await broken.readToEnd()).length, 0);
      await broken.close();
      await closed['/broken'];
      assert.deepStrictEqual(logs['/broken'], ['before', ERROR, 'close 1006']);

      sound.send(frame(0x81, 'later'));
      assert.strictEqual(String((await sound.readFrame()).payload), 'got 5');
      assert.deepStrictEqual(logs['/sound'], ['meanwhile', 'later']);
    });
  }
}
