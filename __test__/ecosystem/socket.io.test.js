'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { describe, it } = require('node:test');

const { Server } = require('socket.io');
const { io } = require('socket.io-client');

const { assertUsesFerrows, listen, queue, watch } = require('./support');

/** A server, and a function that connects clients; both end with the test. */
async function start(t, options) {
  const server = http.createServer();
  const sockets = new Server(server, { transports: ['websocket'], ...options });
  const port = await listen(t, server);

  t.after(() => sockets.close());

  /** Connects a client and waits for it; returns it and the server's socket. */
  async function connect(more) {
    const arrived = once(sockets, 'connection');
    const client = io(`http://127.0.0.1:${port}`, {
      forceNew: true,
      reconnectionDelay: 10,
      reconnectionDelayMax: 20,
      transports: ['websocket'],
      ...more
    });

    t.after(() => client.disconnect());
    await once(client, 'connect');
    return { client, socket: (await arrived)[0] };
  }

  return { connect, port, sockets };
}

/** A queue of what a client gets by an event. */
function received(client, event) {
  const messages = queue();
  client.on(event, (...args) => messages.push(args));
  return messages;
}

describe('socket.io', () => {
  it('broadcasts to a room, but not to its sender', async (t) => {
    for (const name of ['engine.io', 'engine.io-client', 'socket.io-adapter']) {
      assertUsesFerrows(name);
    }

    const opened = watch(t);
    const { connect, sockets } = await start(t);
    const members = [];

    for (let i = 0; i < 20; i++) {
      const { client, socket } = await connect();
      if (i < 18) socket.join('room');
      members.push({ client, socket, news: received(client, 'news') });
    }

    assert.equal(opened.servers.length, 20);
    assert.equal(opened.clients.length, 20);

    const [first] = members;
    first.socket.to('room').emit('news', 'from the first', { n: 1 });
    // Then one for all: what comes first shows who got the other.
    sockets.emit('news', 'for all');

    for (const [index, { news }] of members.entries()) {
      if (index > 0 && index < 18) {
        assert.deepEqual(await news.next(), ['from the first', { n: 1 }]);
      }
      assert.deepEqual(await news.next(), ['for all']);
    }
  });

  it('carries binary in both directions, and acknowledges', async (t) => {
    const { connect } = await start(t);
    const { client, socket } = await connect();
    const big = Buffer.alloc(300_000, 'ferrows');

    socket.on('reverse', (data, { name }, acknowledge) => {
      acknowledge(name, Buffer.from(data).reverse(), new Uint8Array([1, 2, 3]));
    });

    const [name, reversed, small] = await new Promise((resolve) => {
      client.emit('reverse', big, { name: 'big' }, (...args) => resolve(args));
    });

    assert.equal(name, 'big');
    assert.ok(Buffer.from(big).reverse().equals(reversed));
    assert.deepEqual([...small], [1, 2, 3]);

    client.on('ask', (question, acknowledge) => acknowledge(`${question}!`));
    assert.equal(await socket.emitWithAck('ask', 'sure'), 'sure!');
  });

  it('keeps the order of a thousand messages', async (t) => {
    const { connect } = await start(t);
    const { client, socket } = await connect();
    const messages = received(client, 'n');

    for (let i = 0; i < 1000; i++) socket.emit('n', i);
    for (let i = 0; i < 1000; i++) assert.deepEqual(await messages.next(), [i]);
  });

  it('reconnects, recovers the state, and gets what it missed', async (t) => {
    const opened = watch(t);
    const { connect, sockets } = await start(t, {
      connectionStateRecovery: {}
    });
    const { client, socket } = await connect();
    const news = received(client, 'news');

    socket.join('room');
    // The offset that the client asks to continue from.
    sockets.to('room').emit('news', 1);
    assert.deepEqual((await news.next())[0], 1);

    const gone = once(socket, 'disconnect');
    const dropped = once(client, 'disconnect');
    const again = once(client, 'connect');

    // The connection is cut off below socket.io.
    opened.servers[0].terminate();
    assert.deepEqual((await gone)[0], 'transport close');
    sockets.to('room').emit('news', 2);

    assert.equal((await dropped)[0], 'transport close');
    await again;
    assert.equal(client.recovered, true);
    assert.deepEqual((await news.next())[0], 2);
    assert.equal(opened.servers.length, 2);
  });

  it('upgrades from polling, and compresses', async (t) => {
    const opened = watch(t);
    const { connect } = await start(t, {
      httpCompression: false,
      perMessageDeflate: { threshold: 0 },
      transports: ['polling', 'websocket']
    });
    const { client, socket } = await connect({
      perMessageDeflate: { threshold: 0 },
      transports: ['polling', 'websocket']
    });

    if (client.io.engine.transport.name !== 'websocket') {
      await once(client.io.engine, 'upgrade');
    }

    assert.equal(opened.servers.length, 1);
    assert.equal(opened.clients[0].extensions, 'permessage-deflate');

    client.on('echo', (text, acknowledge) => acknowledge(text));
    const text = 'compressible '.repeat(1000);
    assert.equal(await socket.emitWithAck('echo', text), text);
  });

  it('separates namespaces and refuses in middlewares', async (t) => {
    const { port, sockets } = await start(t);
    const admin = sockets.of('/admin');

    admin.use(({ handshake }, next) => {
      next(handshake.auth.token === 'right' ? undefined : new Error('no'));
    });
    admin.on('connection', (socket) => socket.emit('hello', 'admin'));

    const options = { forceNew: true, transports: ['websocket'] };
    const address = `http://127.0.0.1:${port}/admin`;
    const refused = io(address, options);
    t.after(() => refused.disconnect());
    assert.equal((await once(refused, 'connect_error'))[0].message, 'no');

    const allowed = io(address, { ...options, auth: { token: 'right' } });
    t.after(() => allowed.disconnect());
    assert.deepEqual(await once(allowed, 'hello'), ['admin']);
  });
});
