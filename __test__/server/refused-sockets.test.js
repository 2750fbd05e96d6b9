'use strict';

// Ferrows takes the descriptor of a plain `net.Socket` over, and refuses what it cannot take over.
// ws takes any `Duplex`, so there is nothing to compare with.

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const https = require('node:https');
const { PassThrough, Duplex } = require('node:stream');
const { test } = require('node:test');
const tls = require('node:tls');

const { WebSocketServer } = require('../..');
const { request } = require('../support/raw-client');
const { connect, listen, open } = require('../support/serve');

const PREFIX = 'Ferrows cannot take over this socket: ';

/** What spoils a socket, and the reason that is given. */
const SPOILT = [
  [
    "with a 'data' listener",
    (socket) => socket.on('data', () => {}),
    'somebody reads from it'
  ],
  [
    "with a 'readable' listener",
    (socket) => socket.on('readable', () => {}),
    'somebody reads from it'
  ],
  [
    'that is piped',
    (socket) => {
      const removed = new PassThrough();
      socket.pipe(removed);
      socket.removeAllListeners('data');
    },
    'it is piped'
  ],
  [
    'with an encoding',
    (socket) => {
      // Node.js's http server keeps users from it, but a stream can do it.
      Duplex.prototype.setEncoding.call(socket, 'utf8');
    },
    'it has an encoding'
  ],
  [
    'with a write() of its own',
    (socket) => {
      const { write } = socket;
      socket.write = (...args) => write.apply(socket, args);
    },
    'its methods were replaced'
  ],
  [
    'with a destroy() of its own',
    (socket) => {
      const { destroy } = socket;
      socket.destroy = (...args) => destroy.apply(socket, args);
    },
    'its methods were replaced'
  ],
  [
    'of a class derived from net.Socket',
    (socket) => {
      class Mine extends socket.constructor {}
      Object.setPrototypeOf(socket, Mine.prototype);
    },
    'it is a Mine, not a plain net.Socket'
  ],
  [
    'that is corked',
    (socket) => {
      socket.cork();
      socket.write('');
      process.nextTick(() => socket.uncork());
    },
    'it has something left to write'
  ]
];

/** Runs `act` and returns the warnings of Node.js that came of it. */
async function warnings(act) {
  const seen = [];
  const listener = ({ code, message }) => seen.push([code, message]);
  process.on('warning', listener);
  await act();
  await new Promise(setImmediate);
  process.off('warning', listener);
  return seen;
}

/** The server still takes connections. */
async function goesOn(t, server, wss, port) {
  server.removeAllListeners('upgrade');
  server.on('upgrade', (req, socket, head) => {
    wss.handleUpgrade(req, socket, head, (ws) => ws.send('on'));
  });
  const client = await open(t, port);
  assert.strictEqual(String((await client.readFrame()).payload), 'on');
  for (const ws of wss.clients) ws.terminate();
}

for (const [what, spoil, reason] of SPOILT) {
  test(`a socket ${what} is refused with a clear error, and the server goes on`, async (t) => {
    const server = http.createServer();
    const wss = new WebSocketServer({ noServer: true });
    const port = await listen(t, server);

    server.on('upgrade', (req, socket, head) => {
      spoil(socket);
      wss.handleUpgrade(req, socket, head, () => assert.fail('connection'));
    });
    const seen = await warnings(async () => {
      const client = await connect(t, port);
      client.send(request());
      const text = PREFIX + reason;
      assert.strictEqual(
        (await client.readToEnd()).toString('latin1'),
        'HTTP/1.1 501 Not Implemented\r\n' +
          'Connection: close\r\n' +
          'Content-Type: text/html\r\n' +
          `Content-Length: ${text.length}\r\n` +
          '\r\n' +
          text
      );
    });

    assert.deepStrictEqual(seen, [['FERROWS_SOCKET_REFUSED', PREFIX + reason]]);
    assert.strictEqual(wss.clients.size, 0);
    await goesOn(t, server, wss, port);
  });
}

test("a 'wsClientError' listener is told why, and answers itself", async (t) => {
  const server = http.createServer();
  const wss = new WebSocketServer({ noServer: true });
  const port = await listen(t, server);
  const errors = [];

  server.on('upgrade', (req, socket, head) => {
    socket.on('data', () => {});
    wss.handleUpgrade(req, socket, head, () => assert.fail('connection'));
  });
  wss.on('wsClientError', (err, socket) => {
    errors.push(err);
    socket.end('mine');
  });
  await warnings(async () => {
    const client = await connect(t, port);
    client.send(request());
    assert.strictEqual(String(await client.readToEnd()), 'mine');
  });

  assert.deepStrictEqual(
    errors.map((err) => err.message),
    [`${PREFIX}somebody reads from it`]
  );
  assert.ok(errors[0] instanceof Error);
});

test('a socket with pending writes is refused, and what it had to write comes first', async (t) => {
  const server = http.createServer();
  const wss = new WebSocketServer({ noServer: true });
  const port = await listen(t, server);
  // More than the kernel takes.
  const pending = Buffer.alloc(16 * 1024 * 1024, 'x');

  server.on('upgrade', (req, socket, head) => {
    socket.write(pending);
    assert.notStrictEqual(socket.writableLength, 0);
    wss.handleUpgrade(req, socket, head, () => assert.fail('connection'));
  });
  await warnings(async () => {
    const chunks = [];
    const { socket } = await connect(t, port);
    socket.removeAllListeners('data');
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.write(request());
    await once(socket, 'end');
    const all = Buffer.concat(chunks);
    assert.ok(all.subarray(0, pending.length).equals(pending));
    assert.match(
      all.subarray(pending.length).toString('latin1'),
      /^HTTP\/1\.1 501 .*: it has something left to write$/s
    );
  });
  await goesOn(t, server, wss, port);
});

test('a Duplex in memory is refused with the response written to it', async () => {
  const wss = new WebSocketServer({ noServer: true });
  const written = [];
  const socket = new Duplex({
    read() {},
    write(chunk, encoding, callback) {
      written.push(chunk);
      callback();
    }
  });
  const req = {
    method: 'GET',
    url: '/',
    socket,
    headers: {
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13'
    }
  };

  const [[code, message]] = await warnings(async () => {
    const closed = once(socket, 'close');
    wss.handleUpgrade(req, socket, Buffer.alloc(0), () =>
      assert.fail('connection')
    );
    await closed;
  });

  const reason = 'it is a Duplex, not a plain net.Socket';
  assert.strictEqual(code, 'FERROWS_SOCKET_REFUSED');
  assert.strictEqual(message, PREFIX + reason);
  assert.match(String(Buffer.concat(written)), /^HTTP\/1\.1 501 /);
  assert.ok(String(Buffer.concat(written)).endsWith(PREFIX + reason));
  assert.ok(socket.destroyed);
});

test('a TLSSocket is refused over TLS, and the https server goes on', async (t) => {
  // A pre-shared key needs no certificate.
  const psk = Buffer.alloc(32, 7);
  const both = { ciphers: 'PSK', maxVersion: 'TLSv1.2' };
  const server = https.createServer({ ...both, pskCallback: () => psk });
  const wss = new WebSocketServer({ server });
  const port = await listen(t, server);
  wss.on('connection', () => assert.fail('connection'));

  await warnings(async () => {
    for (let i = 0; i < 2; i++) {
      const socket = tls.connect({
        ...both,
        port,
        host: '127.0.0.1',
        pskCallback: () => ({ psk, identity: 'me' }),
        checkServerIdentity: () => undefined
      });
      t.after(() => socket.destroy());
      await once(socket, 'secureConnect');
      socket.write(request());
      const response = Buffer.concat(await socket.toArray()).toString();
      assert.match(response, /^HTTP\/1\.1 501 Not Implemented\r\n/);
      assert.ok(
        response.endsWith(`${PREFIX}it is a TLSSocket, not a plain net.Socket`)
      );
    }
  });
});
