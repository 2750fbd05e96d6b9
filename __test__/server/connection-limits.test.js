'use strict';

// `maxConnections` and `maxConnectionsPerIp`: who is admitted, and who is not. ws has neither.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const os = require('node:os');
const path = require('node:path');
const { suite, test } = require('node:test');

const { SERVER } = require('../support/certificates');
const { Child } = require('../support/child');
const { libraries } = require('../support/libraries');
const { frame, request } = require('../support/raw-client');
const { connect, listen, open, refused, serve } = require('../support/serve');

const lib = libraries.ferrows;

const NO_ROOM =
  'HTTP/1.1 503 Service Unavailable\r\n' +
  'Connection: close\r\n' +
  'Content-Type: text/html\r\n' +
  'Content-Length: 19\r\n' +
  'Retry-After: 10\r\n' +
  '\r\n' +
  'Service Unavailable';

/** Where to connect to, from an address of the loopback of one's own. */
function from(localAddress, port) {
  return { host: '127.0.0.1', localAddress, port };
}

for (const [how, lib] of [
  ['connections that are taken over', libraries.ferrows],
  ['connections over streams', libraries.streams]
]) {
  suite(`Limits of ${how}`, () => {
    test('maxConnections are accepted, one more gets 503 and Retry-After', async (t) => {
      const { wss, port } = await serve(t, lib, { maxConnections: 2 });
      const heard = [];
      wss.on('connection', () => heard.push('connection'));
      wss.on('wsClientError', () => heard.push('wsClientError'));
      const clients = [await open(t, port), await open(t, port)];

      assert.strictEqual(await refused(t, port), NO_ROOM);
      assert.strictEqual(await refused(t, port), NO_ROOM);
      assert.deepStrictEqual(heard, ['connection', 'connection']);
      assert.strictEqual(wss.clients.size, 2);

      // Those that are there are not disturbed.
      for (const client of clients) client.send(frame(0x89, 'still'));
      for (const client of clients) {
        const { first, payload } = await client.readFrame();
        assert.deepStrictEqual([first, String(payload)], [0x8a, 'still']);
      }
    });

    test('maxConnectionsPerIp are accepted of an address, and as many of another', async (t) => {
      const { wss, port } = await serve(t, lib, { maxConnectionsPerIp: 2 });
      const [one, other] = [from('127.0.0.1', port), from('127.0.0.2', port)];

      for (const address of [one, other, one, other]) await open(t, address);
      assert.strictEqual(await refused(t, one), NO_ROOM);
      assert.strictEqual(await refused(t, other), NO_ROOM);
      await open(t, from('127.0.0.3', port));
      assert.strictEqual(wss.clients.size, 5);
    });

    test('an address of IPv4 is the same on a server of IPv6 (bug: it had as many places again)', async (t) => {
      const wss = new lib.WebSocketServer({
        maxConnectionsPerIp: 1,
        noServer: true
      });
      const listening = [];

      for (const host of ['127.0.0.1', '::']) {
        const server = http.createServer();
        server.on('upgrade', (req, socket, head) => {
          wss.handleUpgrade(req, socket, head, () => {});
        });
        t.after(() => server.close());
        server.listen(0, host);
        await once(server, 'listening');
        listening.push(from('127.0.0.1', server.address().port));
      }
      t.after(() => wss.clients.forEach((ws) => ws.terminate()));

      await open(t, listening[0]);
      const second = await connect(t, listening[1]);
      second.send(request());
      assert.match(await second.readHead(), /^HTTP\/1\.1 503 /);
    });

    test('both limits hold together', async (t) => {
      const options = { maxConnections: 3, maxConnectionsPerIp: 2 };
      const { port } = await serve(t, lib, options);
      const [one, other] = [from('127.0.0.1', port), from('127.0.0.2', port)];

      await open(t, one);
      await open(t, one);
      assert.strictEqual(await refused(t, one), NO_ROOM);
      await open(t, other);
      assert.strictEqual(await refused(t, other), NO_ROOM);
    });

    test('the limits hold on a server that is given as `server`', async (t) => {
      const server = http.createServer();
      const wss = new lib.WebSocketServer({ maxConnectionsPerIp: 1, server });
      t.after(() => wss.clients.forEach((ws) => ws.terminate()));
      const port = await listen(t, server);

      await open(t, port);
      assert.strictEqual(await refused(t, port), NO_ROOM);
    });

    test('the limits hold with `noServer`, and each server counts its own', async (t) => {
      const server = http.createServer();
      const servers = {};
      for (const url of ['/a', '/b']) {
        const options = { maxConnections: 1, noServer: true };
        servers[url] = new lib.WebSocketServer(options);
      }
      server.on('upgrade', (req, socket, head) => {
        servers[req.url].handleUpgrade(req, socket, head, () => {});
      });
      t.after(() => {
        for (const { clients } of Object.values(servers)) {
          clients.forEach((ws) => ws.terminate());
        }
      });
      const port = await listen(t, server);

      await open(t, port, { path: '/a' });
      assert.strictEqual(await refused(t, port, { path: '/a' }), NO_ROOM);
      await open(t, port, { path: '/b' });
    });

    test('requests that wait for verifyClient count, and it is not asked about others', async (t) => {
      let asked = 0;
      let waiting;
      const { port } = await serve(t, lib, {
        maxConnections: 2,
        verifyClient(info, cb) {
          if (++asked === 2) waiting(cb);
        }
      });
      const second = new Promise((resolve) => (waiting = resolve));
      const clients = [await connect(t, port), await connect(t, port)];
      for (const client of clients) client.send(request());
      const cb = await second;

      assert.strictEqual(await refused(t, port), NO_ROOM);
      assert.strictEqual(asked, 2);
      cb(true);
      assert.match(
        await Promise.race(clients.map((client) => client.readHead())),
        /^HTTP\/1\.1 101 /
      );
      assert.strictEqual(await refused(t, port), NO_ROOM);
    });

    test('requests that are not acceptable do not count, and are answered as without limits', async (t) => {
      const { port } = await serve(t, lib, { maxConnections: 1, path: '/' });
      const bad = { headers: { 'Sec-WebSocket-Version': '7' } };

      for (let i = 0; i < 3; i++) {
        assert.match(await refused(t, port, bad), /^HTTP\/1\.1 400 /);
        assert.match(await refused(t, port, { path: '/b' }), /^HTTP\/1\.1 400/);
      }
      await open(t, port);
      assert.match(await refused(t, port, bad), /^HTTP\/1\.1 400 /);
    });
  });
}

test('connections to a Unix socket have no address: only maxConnections holds', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-limits-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const server = http.createServer();
  const wss = new lib.WebSocketServer({
    maxConnections: 3,
    maxConnectionsPerIp: 1,
    server
  });
  t.after(() => wss.clients.forEach((ws) => ws.terminate()));
  const file = path.join(folder, 'socket');
  await listen(t, server, file);

  for (let i = 0; i < 3; i++) await open(t, file);
  assert.strictEqual(await refused(t, file), NO_ROOM);
});

test('the limits hold over TLS, and a client sees the status', async (t) => {
  const server = https.createServer(SERVER);
  const wss = new lib.WebSocketServer({ maxConnectionsPerIp: 1, server });
  t.after(() => wss.clients.forEach((ws) => ws.terminate()));
  const address = `wss://127.0.0.1:${await listen(t, server)}`;
  const dial = () => new lib.WebSocket(address, { ca: SERVER.cert });

  await once(dial(), 'open');
  const [{ message }] = await once(dial(), 'error');
  assert.strictEqual(message, 'Unexpected server response: 503');
});

for (const none of [0, undefined, null, Infinity]) {
  test(`a limit of ${none} is none`, async (t) => {
    const { wss, port } = await serve(t, lib, {
      maxConnections: none,
      maxConnectionsPerIp: none
    });

    for (let i = 0; i < 20; i++) await open(t, port);
    assert.strictEqual(wss.clients.size, 20);
  });
}

for (const name of ['maxConnections', 'maxConnectionsPerIp']) {
  test(`${name} has to be an integer >= 0`, () => {
    for (const value of [-1, 1.5, NaN, -Infinity]) {
      assert.throws(
        () => new lib.WebSocketServer({ noServer: true, [name]: value }),
        {
          name: 'RangeError',
          code: 'ERR_OUT_OF_RANGE',
          message: `The option "${name}" must be an integer >= 0. Received ${value}`
        }
      );
    }
    for (const [value, text] of [
      ['1', '1'],
      [true, 'true'],
      [{}, 'an object'],
      [Symbol('s'), 'Symbol(s)']
    ]) {
      assert.throws(
        () => new lib.WebSocketServer({ noServer: true, [name]: value }),
        {
          name: 'TypeError',
          code: 'ERR_INVALID_ARG_TYPE',
          message: `The option "${name}" must be a number. Received ${text}`
        }
      );
    }
  });
}

test('a socket that nobody looks at is collected although its connection counts', async (t) => {
  const child = new Child(
    t,
    'ferrows',
    ({ lib, say }) => {
      const wss = new lib.WebSocketServer({
        host: '127.0.0.1',
        maxConnections: 1,
        maxConnectionsPerIp: 1,
        port: 0
      });
      wss.on('listening', () => say(wss.address().port));
      wss.on('connection', (ws, req) => {
        const husk = new WeakRef(req.socket);
        const look = setInterval(() => {
          globalThis.gc();
          if (husk.deref() !== undefined) return;
          clearInterval(look);
          say('collected');
        }, 100);
        ws.on('close', () => say('closed'));
      });
    },
    ['--expose-gc']
  );
  const port = await child.next();
  const client = await open(t, port);

  assert.strictEqual(await child.next(), 'collected');
  assert.strictEqual(await refused(t, port), NO_ROOM);
  client.socket.end();
  assert.strictEqual(await child.next(), 'closed');
  await open(t, port);
});
