'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, it } = require('node:test');

const fastifyWebsocket = require('@fastify/websocket');
const Fastify = require('fastify');

const {
  assertUsesFerrows,
  open,
  queue,
  watch,
  WebSocket
} = require('./support');

describe('@fastify/websocket', () => {
  /** An application with routes; it ends with the test. */
  async function start(t) {
    const app = Fastify();
    t.after(() => app.close());

    await app.register(fastifyWebsocket, {
      options: { maxPayload: 1000, perMessageDeflate: true }
    });

    app.addHook('preValidation', async (request, reply) => {
      if (request.query.token === 'wrong') await reply.code(401).send('no');
    });

    app.get('/echo/:who', { websocket: true }, (socket, request) => {
      socket.send(`${request.params.who} is here`);
      socket.on('message', (data, isBinary) => {
        socket.send(isBinary ? data : `${request.params.who}: ${data}`);
      });
    });

    app.get('/all', { websocket: true }, (socket) => {
      socket.on('message', (data) => {
        for (const client of app.websocketServer.clients) {
          client.send(`all: ${data}`);
        }
      });
    });

    app.get('/throws', { websocket: true }, async () => {
      throw new Error('thrown by the handler');
    });

    return app;
  }

  it('answers over a port, and to all clients of the server', async (t) => {
    assertUsesFerrows('@fastify/websocket');

    const { servers } = watch(t);
    const app = await start(t);
    await app.listen({ host: '127.0.0.1', port: 0 });

    const base = `ws://127.0.0.1:${app.server.address().port}`;
    const echo = await open(t, `${base}/echo/ann`);
    const all = await open(t, `${base}/all`);

    assert.deepEqual([...app.websocketServer.clients], servers);

    assert.equal(await echo.next(), 'ann is here');
    echo.send('hi');
    assert.equal(await echo.next(), 'ann: hi');
    echo.send(Buffer.from('raw'));
    assert.equal(await echo.next(), 'raw');

    all.send('bye');
    assert.equal(await all.next(), 'all: bye');
    assert.equal(await echo.next(), 'all: bye');

    echo.send('x'.repeat(1001));
    const [code] = await once(echo, 'close');
    assert.equal(code, 1009);
  });

  it('rejects in hooks, and ends the connection of a failed handler', async (t) => {
    const app = await start(t);
    await app.listen({ host: '127.0.0.1', port: 0 });

    const base = `ws://127.0.0.1:${app.server.address().port}`;
    const refused = new WebSocket(`${base}/echo/ann?token=wrong`);
    const [error] = await once(refused, 'error');
    assert.equal(error.message, 'Unexpected server response: 401');

    const missing = new WebSocket(`${base}/nowhere`);
    const [notFound] = await once(missing, 'error');
    assert.equal(notFound.message, 'Unexpected server response: 404');

    const failed = new WebSocket(`${base}/throws`);
    const [code] = await once(failed, 'close');
    assert.equal(code, 1006);
  });

  it('connects without a network by injectWS()', async (t) => {
    const { clients, servers } = watch(t);
    const app = await start(t);
    await app.ready();

    const messages = queue();
    const ws = await app.injectWS(
      '/echo/bob',
      {},
      {
        onInit: (ws) => ws.on('message', (data) => messages.push(String(data)))
      }
    );

    // What the handler sends at once comes right behind the response.
    assert.equal(await messages.next(), 'bob is here');
    ws.send('in memory');
    assert.equal(await messages.next(), 'bob: in memory');
    assert.equal(clients.length, 1);
    assert.equal(servers.length, 1);

    const closed = once(ws, 'close');
    ws.terminate();
    await closed;
  });
});
