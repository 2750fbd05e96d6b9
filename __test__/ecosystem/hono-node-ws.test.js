'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, it } = require('node:test');

const { serve } = require('@hono/node-server');
const { createNodeWebSocket } = require('@hono/node-ws');
const { Hono } = require('hono');

const {
  assertUsesFerrows,
  open,
  queue,
  watch,
  WebSocket
} = require('./support');

/** An application with a WebSocket route; it ends with the test. Returns its port and events. */
async function start(t) {
  const app = new Hono();
  const { injectWebSocket, upgradeWebSocket, wss } = createNodeWebSocket({
    app
  });
  const events = queue();

  app.use('/ws/*', async (c, next) => {
    c.set('who', c.req.query('who'));
    await next();
  });

  app.get(
    '/ws/:room',
    upgradeWebSocket((c) => ({
      onOpen: (_, ws) => ws.send(`${c.get('who')} in ${c.req.param('room')}`),
      onMessage: ({ data }, ws) => {
        if (typeof data === 'string') ws.send(`text ${data}`);
        else ws.send(new Uint8Array(data).reverse());
      },
      onClose: ({ code, reason, wasClean }) => {
        events.push({ code, reason, wasClean });
      }
    }))
  );
  app.get('/plain', (c) => c.text('plain'));

  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  injectWebSocket(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  if (!server.listening) await once(server, 'listening');
  return { events, port: server.address().port, wss };
}

describe('@hono/node-ws', () => {
  it('gives a route its messages as text and as bytes', async (t) => {
    assertUsesFerrows('@hono/node-ws');

    const { servers } = watch(t);
    const { events, port, wss } = await start(t);
    const ws = await open(t, `ws://127.0.0.1:${port}/ws/hall?who=ann`);

    assert.ok(wss instanceof WebSocket.Server);
    assert.deepEqual([...wss.clients], servers);
    assert.equal(await ws.next(), 'ann in hall');

    ws.send('ünï');
    assert.equal(await ws.next(), 'text ünï');
    ws.send(Buffer.from('abc'));
    assert.equal(await ws.next(), 'cba');

    ws.close(4002, 'enough');
    const { code, reason } = await events.next();
    assert.deepEqual([code, reason.toString()], [4002, 'enough']);
  });

  it('serves HTTP beside, and upgrades no other route', async (t) => {
    const { port } = await start(t);
    const ws = new WebSocket(`ws://127.0.0.1:${port}/plain`);
    await once(ws, 'error');

    const response = await fetch(`http://127.0.0.1:${port}/plain`);
    assert.equal(await response.text(), 'plain');
  });
});
