'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { describe, it } = require('node:test');

const engine = require('engine.io');
const { Socket } = require('engine.io-client');

const {
  assertUsesFerrows,
  listen,
  queue,
  watch,
  WebSocket
} = require('./support');

/** A server that echoes, with a client; both end with the test. */
async function start(t, options) {
  const server = http.createServer();
  const engineServer = engine.attach(server, {
    transports: ['websocket'],
    ...options
  });
  const port = await listen(t, server);

  t.after(() => engineServer.close());
  engineServer.on('connection', (socket) => {
    socket.on('message', (data) => socket.send(data));
  });

  const arrived = once(engineServer, 'connection');
  const client = new Socket(`ws://127.0.0.1:${port}`, {
    transports: ['websocket']
  });
  const messages = queue();

  t.after(() => client.close());
  client.on('message', (data) => messages.push(data));
  await once(client, 'open');
  return { client, messages, server: engineServer, socket: (await arrived)[0] };
}

/** Sends text and bytes, and expects them back in order. */
async function expectEchoes({ client, messages }) {
  client.send('text');
  client.send(Buffer.from([1, 2, 3]));
  client.send('ünïcödé €');

  assert.equal(await messages.next(), 'text');
  assert.deepEqual(Buffer.from(await messages.next()), Buffer.from([1, 2, 3]));
  assert.equal(await messages.next(), 'ünïcödé €');
}

describe('engine.io', () => {
  it('echoes with the ws that it requires', async (t) => {
    assertUsesFerrows('engine.io');
    assertUsesFerrows('engine.io-client');

    const opened = watch(t);
    const pair = await start(t);

    assert.ok(pair.server.ws instanceof WebSocket.Server);
    await expectEchoes(pair);
    assert.equal(opened.clients.length, 1);
    assert.equal(opened.servers.length, 1);
  });

  it('echoes with the ws that is given as `wsEngine`', async (t) => {
    class Server extends WebSocket.Server {}

    const opened = watch(t);
    const pair = await start(t, { wsEngine: Server });

    assert.ok(pair.server.ws instanceof Server);
    await expectEchoes(pair);
    assert.equal(opened.servers.length, 1);
  });

  it('writes frames that were encoded once for many', async (t) => {
    const { messages, socket } = await start(t);
    const frame = WebSocket.Sender.frame(Buffer.from('4once'), {
      fin: true,
      mask: false,
      opcode: 1,
      readOnly: false,
      rsv1: false
    });

    // What socket.io's adapter does in a broadcast.
    const written = new Promise((resolve) => {
      socket.sendPacket(
        'message',
        'once',
        { wsPreEncodedFrame: frame },
        resolve
      );
    });

    await written;
    assert.equal(await messages.next(), 'once');
  });

  it('keeps a quiet connection by its own pings', async (t) => {
    const { client, socket } = await start(t, {
      pingInterval: 20,
      pingTimeout: 10_000
    });

    for (let i = 0; i < 3; i++) await once(socket, 'heartbeat');
    assert.equal(client.readyState, 'open');
  });

  it('closes from either side, with the reason', async (t) => {
    const one = await start(t);
    const closedByClient = once(one.socket, 'close');
    one.client.close();
    assert.equal((await closedByClient)[0], 'transport close');

    const two = await start(t);
    const closedByServer = once(two.client, 'close');
    two.socket.close();
    assert.equal((await closedByServer)[0], 'transport close');
  });

  it('refuses a message over maxHttpBufferSize', async (t) => {
    const { client, socket } = await start(t, { maxHttpBufferSize: 100 });
    const failed = once(socket, 'close');

    client.send('x'.repeat(101));
    assert.deepEqual((await failed)[0], 'transport error');
  });
});
