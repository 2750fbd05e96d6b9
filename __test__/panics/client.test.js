'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { libraries } = require('../support/libraries');
const { serve } = require('../support/serve');
const { asking, ERROR } = require('./support');

/** Connects a client to a server of ws; returns both ends, and what happens to the client. */
async function connect(t, library) {
  const { wss, port } = await serve(t, libraries.ws);
  const connection = once(wss, 'connection');
  const client = new libraries[library](`ws://127.0.0.1:${port}`);
  const log = [];

  t.after(() => client.terminate());
  client.on('error', ({ code, message }) => log.push(`${code}: ${message}`));
  client.on('close', (code) => log.push(`close ${code}`));
  const [ws] = await connection;
  await once(client, 'open');
  return { client, log, ws };
}

for (const library of ['ferrows', 'streams']) {
  test(`a client that panics while reading closes with 1011 (${library})`, async (t) => {
    const { client, log, ws } = await connect(t, library);
    const closed = new Promise((resolve) => client.on('close', resolve));

    ws.send(asking('reading'));
    const [code] = await once(ws, 'close');
    assert.strictEqual(code, 1011);
    await closed;
    assert.deepStrictEqual(log, [ERROR, 'close 1006']);
  });

  test(`a client that panics while writing closes with 1011 (${library})`, async (t) => {
    const { client, log, ws } = await connect(t, library);
    const closed = new Promise((resolve) => client.on('close', resolve));

    client.send(asking('gathering'));
    const [code] = await once(ws, 'close');
    assert.strictEqual(code, 1011);
    await closed;
    assert.deepStrictEqual(log, [ERROR, 'close 1006']);
  });
}
