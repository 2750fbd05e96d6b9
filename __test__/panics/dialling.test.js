'use strict';

const assert = require('node:assert');
const http = require('node:http');
const { test } = require('node:test');

const { libraries } = require('../support/libraries');
const { listen, serve } = require('../support/serve');
const { ERROR, within } = require('./support');

const { ferrows, streams, ws } = libraries;

/** What happens to a client up to its end. */
function lifeOf(client) {
  const log = [];

  client.on('open', () => log.push('open'));
  client.on('error', ({ code, message }) => log.push(`${code}: ${message}`));
  return new Promise((resolve) => {
    client.on('close', (code) => resolve([...log, `close ${code}`]));
  });
}

/** Has a server of ws add a header to its responses. */
async function answering(t, header) {
  const { wss, port } = await serve(t, ws);
  wss.on('headers', (headers) => headers.push(header));
  return `ws://127.0.0.1:${port}`;
}

test('a client that panics over the key of a response fails with an error', async (t) => {
  const { port } = await serve(t, ws);

  const log = await within('answering', () =>
    lifeOf(new ferrows(`ws://127.0.0.1:${port}`))
  );

  assert.deepStrictEqual(log, [ERROR, 'close 1006']);
});

test('a client that panics over the extensions of a response fails with an error', async (t) => {
  const header = 'Sec-WebSocket-Extensions: panic in extensions';

  const log = await lifeOf(new ferrows(await answering(t, header)));

  assert.deepStrictEqual(log, [ERROR, 'close 1006']);
});

test('a client that panics while its stream is taken in fails with an error', async (t) => {
  const { port } = await serve(t, ws);

  const log = await within('attaching', () =>
    lifeOf(new streams(`ws://127.0.0.1:${port}`))
  );

  assert.deepStrictEqual(log, [ERROR, 'close 1006']);
});

test('a client that panics over what it offers throws from its constructor', async () => {
  await within('formatting', () => {
    assert.throws(() => new ferrows('ws://localhost'), {
      code: 'FERROWS_ERR_INTERNAL'
    });
  });
});

test('a client that panics over what it offers behind a redirect fails with an error', async (t) => {
  const server = http.createServer();
  const port = await listen(t, server);
  server.on('upgrade', (req, socket) => {
    process.env.FERROWS_PANIC = 'formatting';
    socket.end('HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n');
  });
  t.after(() => delete process.env.FERROWS_PANIC);

  const address = `ws://127.0.0.1:${port}`;
  const log = await lifeOf(new ferrows(address, { followRedirects: true }));

  assert.deepStrictEqual(log, [ERROR, 'close 1006']);
});
