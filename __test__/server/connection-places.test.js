'use strict';

// However a connection or a handshake ends, its place is free again for `maxConnections` and
// `maxConnectionsPerIp`. ws has neither.

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const { suite, test } = require('node:test');

const { libraries } = require('../support/libraries');
const { frame, request } = require('../support/raw-client');
const { connect, listen, open, refused, serve } = require('../support/serve');
const { memoryPair, upgradeRequest } = require('../streams/support');

const ONE = { maxConnections: 1, maxConnectionsPerIp: 1 };

/** Asserts that the only place is taken. */
async function assertTaken(t, port) {
  assert.match(await refused(t, port), /^HTTP\/1\.1 503 /);
}

/** Asserts that nothing is counted, and nothing remembered of any address. */
function assertEmpty(wss) {
  assert.strictEqual(wss._limits._count, 0);
  assert.strictEqual(wss._limits._perIp.size, 0);
}

/** Resolves when a socket is closed, with an error or without. */
function gone(socket) {
  return new Promise((resolve) => socket.once('close', resolve));
}

/** What ends an open connection, by title. */
const ENDS = {
  'the closing handshake of the client': (ws, client) => {
    client.send(frame(0x88, Buffer.from('03e8', 'hex')));
    client.socket.end();
  },
  'close() of the server': async (ws, client) => {
    ws.close();
    await client.readFrame();
    client.send(frame(0x88));
    client.socket.end();
  },
  'terminate()': (ws) => ws.terminate(),
  'the end of the socket without a close frame': (ws, client) =>
    client.socket.end(),
  'a reset': (ws, client) => client.socket.resetAndDestroy(),
  "an 'error' of the protocol": (ws, client) => {
    ws.on('error', () => {});
    client.send('f1 80 00000000');
    client.socket.end();
  },
  'a message over maxPayload': (ws, client) => {
    ws.on('error', () => {});
    client.send('82 ff 7fffffffffffffff 00000000');
    client.socket.end();
  },
  'destroy() of the raw socket': (ws) => ws._socket.destroy(),
  closeTimeout: (ws) => ws.close()
};

/**
 * What ends a handshake that waits for `verifyClient`, by title. Its place is free when these
 * resolve; where the server refuses it, at once: a client that tries again finds room.
 */
const REFUSALS = {
  'verifyClient says no later': ({ cb }) => cb(false, 403),
  'the client is reset, and verifyClient never answers': async (handshake) => {
    handshake.client.socket.resetAndDestroy();
    await gone(handshake.req.socket);
  },
  'the client is reset, and verifyClient says yes': async (handshake) => {
    handshake.client.socket.resetAndDestroy();
    await gone(handshake.req.socket);
    handshake.cb(true);
  },
  'the client has ended, and verifyClient says yes': async (handshake) => {
    const { cb, client, req } = handshake;
    const ended = once(req.socket, 'end');
    req.socket.resume();
    client.socket.end();
    await ended;
    cb(true);
  },
  'the server destroys the socket': async ({ req }) => {
    req.socket.destroy();
    await gone(req.socket);
  },
  'the server closes, and verifyClient says yes': ({ cb, wss }) => {
    wss.close();
    cb(true);
  }
};

for (const [how, lib] of [
  ['that is taken over', libraries.ferrows],
  ['over a stream', libraries.streams]
]) {
  suite(`The place of a connection ${how} is free again`, () => {
    for (const clientTracking of [true, false]) {
      for (const [title, end] of Object.entries(ENDS)) {
        test(`after ${title}, with clientTracking: ${clientTracking}`, async (t) => {
          const closeTimeout = title === 'closeTimeout' ? 1 : 30_000;
          const options = { ...ONE, clientTracking, closeTimeout };
          const { wss, port } = await serve(t, lib, options);

          for (let round = 0; round < 2; round++) {
            const connected = once(wss, 'connection');
            const client = await open(t, port);
            const [ws] = await connected;
            const closed = new Promise((resolve) => {
              // Already in its listener.
              ws.on('close', () => resolve(wss._limits._count));
            });

            await assertTaken(t, port);
            await end(ws, client);
            assert.strictEqual(await closed, 0);
            assertEmpty(wss);
          }
        });
      }
    }

    test('after terminate() in the listener for connections', async (t) => {
      const { wss, port } = await serve(t, lib, ONE);
      for (let round = 0; round < 2; round++) {
        const closed = new Promise((resolve) => {
          wss.once('connection', (ws) => {
            ws.on('close', resolve);
            ws.terminate();
          });
        });
        await open(t, port);
        await closed;
        assertEmpty(wss);
      }
    });

    test("after 'open' of a subclass, which throws", async (t) => {
      const server = http.createServer();
      let connection;
      class Throwing extends lib.WebSocket {
        constructor(...args) {
          super(...args);
          connection = this;
          this.on('open', () => {
            throw new Error('thrown');
          });
        }
      }
      const options = { ...ONE, noServer: true, WebSocket: Throwing };
      const wss = new lib.WebSocketServer(options);
      server.once('upgrade', (req, socket, head) => {
        const handle = wss.handleUpgrade.bind(wss);
        assert.throws(() => handle(req, socket, head), { message: 'thrown' });
        server.on('upgrade', handle);
      });
      const port = await listen(t, server);
      const client = await open(t, port);

      await assertTaken(t, port);
      const closed = once(connection, 'close');
      client.socket.end();
      await closed;
      assertEmpty(wss);
    });
  });
}

/** A server of one place, which a request has that waits for `verifyClient`. */
async function waiting(t, lib) {
  let asked;
  const handshake = new Promise((resolve) => (asked = resolve));
  const { wss, port } = await serve(t, lib, {
    ...ONE,
    verifyClient: ({ req }, cb) => asked({ cb, req })
  });
  const client = await connect(t, port);
  client.send(request());
  return { ...(await handshake), client, port, wss };
}

suite('The place of a handshake is free again', () => {
  const lib = libraries.ferrows;

  for (const [title, end] of Object.entries(REFUSALS)) {
    test(`when ${title}`, async (t) => {
      const { cb, client, port, req, wss } = await waiting(t, lib);

      await assertTaken(t, port);
      const ended = end({ cb, client, req, wss });
      if (ended !== undefined) await ended;
      assertEmpty(wss);
    });
  }

  // As with ws its socket stays open, and could be answered with a refusal. A place that were free would let any number
  // of them wait for `verifyClient`.
  test('when its socket is closed, not when the client has sent FIN', async (t) => {
    const { cb, client, port, req, wss } = await waiting(t, lib);
    const ended = once(req.socket, 'end');

    client.socket.end();
    await ended;
    assert.strictEqual(req.socket.destroyed, false);
    await assertTaken(t, port);
    cb(false, 403);
    assertEmpty(wss);
    assert.match(String(await client.readToEnd()), /^HTTP\/1\.1 403 /);
  });

  test('when verifyClient says no at once', async (t) => {
    const options = { ...ONE, verifyClient: () => false };
    const { wss, port } = await serve(t, lib, options);

    for (let i = 0; i < 3; i++) {
      assert.match(await refused(t, port), /^HTTP\/1\.1 401 /);
    }
    assertEmpty(wss);
  });

  for (const hook of ['verifyClient', 'handleProtocols', 'headers']) {
    test(`when ${hook} throws and the socket is closed`, async (t) => {
      const fail = () => {
        throw new Error('thrown');
      };
      const wss = new lib.WebSocketServer({
        ...ONE,
        noServer: true,
        ...(hook === 'headers' ? {} : { [hook]: fail })
      });
      if (hook === 'headers') wss.on('headers', fail);
      const server = http.createServer();
      const upgraded = new Promise((resolve) => {
        server.once('upgrade', (req, socket, head) => {
          assert.throws(() => wss.handleUpgrade(req, socket, head, () => {}), {
            message: 'thrown'
          });
          resolve(socket);
        });
      });
      const client = await connect(t, await listen(t, server));
      const headers = { 'Sec-WebSocket-Protocol': 'a' };
      client.send(request({ headers }));
      const socket = await upgraded;

      assert.strictEqual(wss._limits._count, 1);
      socket.destroy();
      await gone(socket);
      assertEmpty(wss);
    });
  }

  test('after the end of the connection only, if verifyClient says yes and then no', async (t) => {
    let answer;
    const { wss, port } = await serve(t, lib, {
      ...ONE,
      verifyClient: (info, cb) => cb((answer = cb))
    });
    const connected = once(wss, 'connection');
    await open(t, port);
    const [ws] = await connected;

    answer(false);
    assert.strictEqual(wss._limits._count, 1);
    const closed = once(ws, 'close');
    ws.terminate();
    await closed;
    assertEmpty(wss);
  });

  test('as one place, if the socket was destroyed before handleUpgrade()', async () => {
    const wss = new lib.WebSocketServer({
      ...ONE,
      noServer: true,
      verifyClient(info, cb) {
        void cb;
      }
    });
    const [socket] = memoryPair();
    socket.destroy();
    await gone(socket);

    wss.handleUpgrade(upgradeRequest(socket), socket, Buffer.alloc(0));
    assertEmpty(wss);
  });

  test('and a second handleUpgrade() with the same socket throws as without limits (WS-CONTRACT 2)', async (t) => {
    const wss = new lib.WebSocketServer({ ...ONE, noServer: true });
    const [near, far] = memoryPair();
    far.resume();
    const head = Buffer.alloc(0);
    let ws;
    wss.handleUpgrade(upgradeRequest(near), near, head, (it) => (ws = it));
    t.after(() => ws.terminate());

    assert.throws(
      () => wss.handleUpgrade(upgradeRequest(near), near, head, () => {}),
      /more than once with the same socket/
    );
    const closed = once(ws, 'close');
    ws.terminate();
    await closed;
    assertEmpty(wss);
  });

  test('a stream without an address counts for that of its request', async (t) => {
    const options = { maxConnectionsPerIp: 1, noServer: true };
    const wss = new lib.WebSocketServer(options);
    const accepted = [];
    t.after(() => wss.clients.forEach((ws) => ws.terminate()));

    for (const remoteAddress of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) {
      const [near, far] = memoryPair();
      far.resume();
      wss.handleUpgrade(
        upgradeRequest({ remoteAddress }),
        near,
        Buffer.alloc(0),
        () => accepted.push(remoteAddress)
      );
    }
    assert.deepStrictEqual(accepted, ['192.0.2.1', '192.0.2.2']);
  });
});
