'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { describe, it } = require('node:test');

const express = require('express');
const expressWs = require('express-ws');

const {
  assertUsesFerrows,
  listen,
  open,
  watch,
  WebSocket
} = require('./support');

describe('express-ws', () => {
  /** An application that answers on `/room/:name`, behind a middleware. */
  async function start(t) {
    const app = express();
    const server = http.createServer(app);
    const { applyTo, getWss } = expressWs(app, server);
    const router = express.Router();

    // It does so by itself before Express 5.
    applyTo(router);

    app.use((req, res, next) => {
      req.seen = true;
      next();
    });

    router.ws('/:name', (ws, req) => {
      ws.on('message', (data) => {
        const text = `${req.params.name} ${req.query.as} ${req.seen}: ${data}`;
        for (const client of getWss().clients) client.send(text);
      });
      ws.send('welcome');
    });

    app.use('/room', router);
    app.get('/plain', (req, res) => res.send('plain'));

    const port = await listen(t, server);
    return { getWss, port };
  }

  it('routes upgrades, with middlewares, parameters and queries', async (t) => {
    assertUsesFerrows('express-ws');

    const { servers } = watch(t);
    const { getWss, port } = await start(t);
    const address = `ws://127.0.0.1:${port}/room/hall?as=`;
    const ann = await open(t, `${address}ann`);
    const bob = await open(t, `${address}bob`);

    assert.ok(getWss() instanceof WebSocket.Server);
    assert.deepEqual([...getWss().clients], servers);
    assert.equal(await ann.next(), 'welcome');
    assert.equal(await bob.next(), 'welcome');

    ann.send('hi');
    assert.equal(await ann.next(), 'hall ann true: hi');
    assert.equal(await bob.next(), 'hall ann true: hi');

    bob.close(4001, 'done');
    const [code, reason] = await once(bob, 'close');
    assert.equal(code, 4001);
    assert.equal(reason.toString(), 'done');
  });

  it('closes a socket without a route, and serves HTTP beside', async (t) => {
    const { port } = await start(t);
    const ws = new WebSocket(`ws://127.0.0.1:${port}/nowhere`);

    const [code] = await once(ws, 'close');
    assert.equal(code, 1005);

    const response = await fetch(`http://127.0.0.1:${port}/plain`);
    assert.equal(await response.text(), 'plain');
  });
});
