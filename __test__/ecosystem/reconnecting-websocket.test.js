'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, it } = require('node:test');

const IsomorphicWebSocket = require('isomorphic-ws');
const ReconnectingWebSocket = require('reconnecting-websocket');

const { assertUsesFerrows, queue, watch, WebSocket } = require('./support');

describe('reconnecting-websocket on isomorphic-ws', () => {
  it('reconnects, and sends what it was given meanwhile', async (t) => {
    assertUsesFerrows('isomorphic-ws');
    assert.equal(IsomorphicWebSocket, WebSocket);

    const opened = watch(t);
    const wss = new WebSocket.Server({ host: '127.0.0.1', port: 0 });
    t.after(() => wss.close());
    await once(wss, 'listening');
    wss.on('connection', (ws) => {
      ws.on('message', (data, binary) => ws.send(data, { binary }));
    });

    const ws = new ReconnectingWebSocket(
      `ws://127.0.0.1:${wss.address().port}`,
      [],
      {
        WebSocket: IsomorphicWebSocket,
        maxReconnectionDelay: 20,
        minReconnectionDelay: 10
      }
    );
    t.after(() => ws.close());

    const messages = queue();
    ws.binaryType = 'arraybuffer';
    ws.addEventListener('message', ({ data }) => messages.push(data));

    // Not open yet: it keeps them.
    ws.send('one');
    ws.send(new Uint8Array([1, 2]));
    assert.equal(await messages.next(), 'one');
    assert.deepEqual(
      new Uint8Array(await messages.next()),
      new Uint8Array([1, 2])
    );

    const closed = new Promise((resolve) => {
      ws.addEventListener('close', resolve);
    });
    opened.servers[0].terminate();
    assert.equal((await closed).code, 1006);

    ws.send('two');
    assert.equal(await messages.next(), 'two');
    assert.equal(opened.clients.length, 2);
  });
});
