'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, it } = require('node:test');

require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { WsAdapter } = require('@nestjs/platform-ws');
const {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer
} = require('@nestjs/websockets');
const { from, map } = require('rxjs');

const {
  assertUsesFerrows,
  open,
  queue,
  watch,
  WebSocket
} = require('./support');

const life = queue();

class Gateway {
  handleConnection() {
    life.push('connection');
  }

  handleDisconnect() {
    life.push('disconnect');
  }

  double(n) {
    return { event: 'doubled', data: n * 2 };
  }

  count(to) {
    const numbers = Array.from({ length: to }, (_, i) => i + 1);
    return from(numbers).pipe(map((data) => ({ event: 'number', data })));
  }

  say(text) {
    const message = JSON.stringify({ event: 'said', data: text });
    for (const client of this.server.clients) client.send(message);
  }
}

/** What TypeScript makes of `@decorator method(@MessageBody() body)`. */
function subscribe(method, event) {
  const descriptor = Object.getOwnPropertyDescriptor(Gateway.prototype, method);
  SubscribeMessage(event)(Gateway.prototype, method, descriptor);
  MessageBody()(Gateway.prototype, method, 0);
  ConnectedSocket()(Gateway.prototype, method, 1);
}

subscribe('double', 'double');
subscribe('count', 'count');
subscribe('say', 'say');
WebSocketServer()(Gateway.prototype, 'server');
WebSocketGateway({ path: '/gateway' })(Gateway);

class App {}
Module({ providers: [Gateway] })(App);

describe('@nestjs/platform-ws', () => {
  it('runs a gateway: answers, streams, broadcasts, and its hooks', async (t) => {
    assertUsesFerrows('@nestjs/platform-ws');

    const { servers } = watch(t);
    const app = await NestFactory.create(App, { logger: false });
    t.after(() => app.close());
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');

    const url = `ws://127.0.0.1:${app.getHttpServer().address().port}/gateway`;
    const ann = await open(t, url);
    const bob = await open(t, url);
    const say = (ws, event, data) => ws.send(JSON.stringify({ event, data }));
    const next = async (ws) => JSON.parse(await ws.next());

    assert.equal(await life.next(), 'connection');
    assert.equal(await life.next(), 'connection');
    assert.ok(app.get(Gateway).server instanceof WebSocket.Server);
    assert.deepEqual([...app.get(Gateway).server.clients], servers);

    say(ann, 'double', 21);
    assert.deepEqual(await next(ann), { event: 'doubled', data: 42 });

    say(ann, 'count', 20);
    for (let data = 1; data <= 20; data++) {
      assert.deepEqual(await next(ann), { event: 'number', data });
    }

    say(bob, 'say', 'hi');
    assert.deepEqual(await next(ann), { event: 'said', data: 'hi' });
    assert.deepEqual(await next(bob), { event: 'said', data: 'hi' });

    ann.close();
    await once(ann, 'close');
    assert.equal(await life.next(), 'disconnect');

    // Nest answers it with a response that has no end of headers.
    const elsewhere = new WebSocket(url.replace('gateway', 'nowhere'));
    const [error] = await once(elsewhere, 'error');
    assert.equal(error.message, 'socket hang up');
  });
});
