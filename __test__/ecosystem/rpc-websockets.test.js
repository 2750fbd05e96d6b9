'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, it } = require('node:test');

const { Client, Server } = require('rpc-websockets');

const { assertUsesFerrows, watch } = require('./support');

describe('rpc-websockets', () => {
  it('calls methods, notifies of events, and reconnects', async (t) => {
    assertUsesFerrows('rpc-websockets');

    const opened = watch(t);
    const server = new Server({ host: '127.0.0.1', port: 0 });
    t.after(() => server.close());
    await once(server, 'listening');

    server.register('sum', ([a, b]) => a + b);
    server.register('fail', () => {
      throw new Error('on purpose');
    });
    server.event('feed');

    const { port } = server.wss.address();
    const client = new Client(`ws://127.0.0.1:${port}`, {
      max_reconnects: 5,
      reconnect_interval: 10
    });
    t.after(() => client.close());
    await once(client, 'open');

    const sums = await Promise.all(
      Array.from({ length: 100 }, (_, i) => client.call('sum', [i, 1]))
    );
    assert.deepEqual(
      sums,
      sums.map((_, i) => i + 1)
    );
    await assert.rejects(client.call('fail'));

    await client.subscribe('feed');
    const fed = once(client, 'feed');
    server.emit('feed', 'news', 7);
    assert.deepEqual(await fed, ['news', 7]);

    const again = once(client, 'open');
    opened.servers[0].terminate();
    await again;
    assert.equal(await client.call('sum', [20, 22]), 42);
    assert.equal(opened.servers.length, 2);
    assert.equal(opened.clients.length, 2);
  });
});
