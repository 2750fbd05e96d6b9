'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { describe, it } = require('node:test');

const mqtt = require('mqtt');

const {
  assertUsesFerrows,
  listen,
  queue,
  watch,
  WebSocket
} = require('./support');

/** A broker behind a WebSocket server; it ends with the test. Returns its URL. */
async function startBroker(t) {
  const { Aedes } = await import('aedes');
  const broker = await Aedes.createBroker();
  const server = http.createServer();
  const wss = new WebSocket.Server({ perMessageDeflate: true, server });

  wss.on('connection', (ws, req) => {
    const stream = WebSocket.createWebSocketStream(ws);
    // A client that is cut off.
    stream.on('error', () => {});
    broker.handle(stream, req);
  });

  const port = await listen(t, server);
  t.after(() => new Promise((resolve) => broker.close(resolve)));
  return { broker, url: `ws://127.0.0.1:${port}/mqtt` };
}

/** A connected client with a queue of its messages; it ends with the test. */
async function connect(t, url, options) {
  const client = await mqtt.connectAsync(url, {
    reconnectPeriod: 20,
    ...options
  });
  const messages = queue();

  client.on('message', (topic, payload, packet) => {
    messages.push({ topic, payload, retain: packet.retain });
  });
  t.after(() => client.endAsync(true));
  return { client, messages };
}

describe('mqtt, with aedes as the broker', () => {
  it('publishes to those who subscribed, in each quality of service', async (t) => {
    assertUsesFerrows('mqtt');

    const opened = watch(t);
    const { url } = await startBroker(t);
    const { client: publisher } = await connect(t, url);
    const subscribers = [await connect(t, url), await connect(t, url)];

    assert.equal(opened.clients.length, 3);
    assert.equal(opened.servers.length, 3);
    assert.equal(opened.servers[0].protocol, 'mqtt');

    for (const { client } of subscribers) {
      await client.subscribeAsync('rooms/+/temperature', { qos: 2 });
    }

    for (const qos of [0, 1, 2]) {
      await publisher.publishAsync('rooms/1/light', 'on', { qos });
      await publisher.publishAsync('rooms/1/temperature', `${20 + qos}`, {
        qos
      });

      for (const { messages } of subscribers) {
        const { topic, payload } = await messages.next();
        assert.equal(topic, 'rooms/1/temperature');
        assert.equal(payload.toString(), `${20 + qos}`);
      }
    }
  });

  it('carries a payload of two megabytes', async (t) => {
    const { url } = await startBroker(t);
    const { client, messages } = await connect(t, url);
    const payload = Buffer.alloc(2_000_000, 'ferrows');

    await client.subscribeAsync('big', { qos: 1 });
    await client.publishAsync('big', payload, { qos: 1 });
    assert.ok((await messages.next()).payload.equals(payload));
  });

  it('retains a message, and publishes a will when a client is cut off', async (t) => {
    const { url } = await startBroker(t);
    const { client } = await connect(t, url);
    await client.publishAsync('state', 'retained', { qos: 1, retain: true });

    const opened = watch(t);
    await connect(t, url, {
      reconnectPeriod: 0,
      will: { payload: 'gone', qos: 1, topic: 'wills/ann' }
    });

    const late = await connect(t, url);
    await late.client.subscribeAsync(['state', 'wills/#'], { qos: 1 });
    const retained = await late.messages.next();
    assert.equal(retained.payload.toString(), 'retained');
    assert.equal(retained.retain, true);

    opened.clients[0].terminate();
    const will = await late.messages.next();
    assert.equal(will.topic, 'wills/ann');
    assert.equal(will.payload.toString(), 'gone');
  });

  it('reconnects and sends what was published meanwhile', async (t) => {
    const opened = watch(t);
    const { url } = await startBroker(t);
    const { client, messages } = await connect(t, url, {
      clean: false,
      clientId: 'again'
    });
    await client.subscribeAsync('again', { qos: 1 });

    const closed = once(client, 'close');
    opened.servers[0].terminate();
    await closed;

    const published = client.publishAsync('again', 'queued', { qos: 1 });
    await published;
    assert.equal((await messages.next()).payload.toString(), 'queued');
    assert.equal(opened.servers.length, 2);
  });
});
