'use strict';

// One compressed message for many connections is one job of another thread.

const assert = require('node:assert');
const { test } = require('node:test');

const { libraries } = require('../support/libraries');
const { open } = require('../support/serve');
const { asking, deflate, ERROR, frame, serveLogged } = require('./support');

const PATHS = ['/one', '/two', '/three'];
const LOST = 'ERR_STREAM_DESTROYED';

/** Without context takeover, so that all may have the same bytes. */
const shared = {
  'Sec-WebSocket-Extensions': `${deflate.headers['Sec-WebSocket-Extensions']}; server_no_context_takeover`
};

for (const library of ['ferrows', 'streams']) {
  test(`a panic while a message for several is compressed on another thread ends each of them with 1011, and no other (${library})`, async (t) => {
    const { closed, logs, port, wss } = await serveLogged(
      t,
      libraries[library]
    );
    const broken = [];
    for (const path of PATHS) {
      broken.push(await open(t, port, { headers: shared, path }));
    }
    const connections = [...wss.clients];
    const sound = await open(t, port, { headers: shared, path: '/sound' });
    const plain = await open(t, port, { path: '/plain' });

    const data = asking('deflating', 60_000);
    const codes = await Promise.all(
      connections.map(
        (ws) =>
          new Promise((resolve) => ws.send(data, ({ code }) => resolve(code)))
      )
    );
    assert.deepStrictEqual(codes, [LOST, LOST, LOST]);

    for (const [i, client] of broken.entries()) {
      const { first, payload } = await client.readFrame();
      assert.deepStrictEqual([first, payload.toString('hex')], [0x88, '03f3']);
      assert.strictEqual((await client.readToEnd()).length, 0);
      await client.close();
      await closed[PATHS[i]];
      assert.deepStrictEqual(logs[PATHS[i]], [ERROR, 'close 1006']);
    }

    // The thread compresses for others as before.
    sound.send(frame(0x81, `send ${'x'.repeat(60_000)}`));
    assert.strictEqual((await sound.readFrame()).first, 0xc1);
    plain.send(frame(0x81, 'later'));
    assert.strictEqual(String((await plain.readFrame()).payload), 'got 5');
    assert.deepStrictEqual(logs['/plain'], ['later']);
    assert.deepStrictEqual(logs['/sound'].slice(1), ['sent']);
  });
}
