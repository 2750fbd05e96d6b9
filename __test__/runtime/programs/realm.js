'use strict';

// A file for `deno test`: the realm of a file of tests ends with a connection that ends.

const { once } = require('node:events');
const path = require('node:path');
const { test } = require('node:test');

const WebSocket = require(path.join(__dirname, '../../..'));

test('leaves a server with a connection', async (t) => {
  const wss = new WebSocket.WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(wss, 'listening');
  const ws = new WebSocket(`ws://127.0.0.1:${wss.address().port}`);
  await once(ws, 'open');

  t.after(() => {
    ws.terminate();
    wss.close();
  });
});
