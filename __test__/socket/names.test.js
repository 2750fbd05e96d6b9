'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');

const { comparesStreams, contract } = require('../support/contract');
const { frame, RawClient } = require('../support/raw-client');
const { listen, open, pair } = require('../support/serve');

const NAMES = [
  'remoteAddress',
  'remoteFamily',
  'remotePort',
  'localAddress',
  'localFamily',
  'localPort'
];

/** Replaces ports by whose they are, as they differ from run to run. */
function names(socket, ports) {
  return NAMES.map((name) => {
    const value = socket[name];
    const owner = Object.keys(ports).find((owner) => ports[owner] === value);
    return [name, owner ?? value];
  });
}

contract(
  'ws._socket is the socket of the request (WS-CONTRACT 27)',
  async ({ lib, log, t }) => {
    const { ws, req } = await pair(t, lib);

    log(ws._socket === req.socket, req.socket === req.connection);
    log(ws._socket instanceof net.Socket);
    log(ws._socket.server === req.socket._server || req.socket.server !== null);
    // Still so, in later turns.
    for (let i = 0; i < 3; i++) await new Promise(setImmediate);
    log(ws._socket === req.socket);
  },
  (log) => assert.deepStrictEqual(log[0], [true, true])
);

contract(
  'it is also the socket after a listener has replaced properties on it',
  async ({ lib, log, t }) => {
    const { ws, req, client } = await pair(t, lib);

    req.socket.user = { id: 7 };
    client.send(frame(0x81, 'x'));
    await once(ws, 'message');
    log(ws._socket.user === req.socket.user, ws._socket.user);
  }
);

contract(
  'the addresses are known while it is open, and the remote ones read before stay (WS-CONTRACT 27)',
  async ({ lib, log, t }) => {
    const { ws, client, port } = await pair(t, lib);
    const { _socket: socket } = ws;
    const ports = { server: port, client: client.socket.localPort };

    log('open', names(socket, ports), socket.address().port === port);
    const closed = once(ws, 'close');
    await client.close();
    await closed;
    log('closed', names(socket, ports), socket.address());
  },
  (log) => {
    assert.deepStrictEqual(log[0][1], [
      ['remoteAddress', '127.0.0.1'],
      ['remoteFamily', 'IPv4'],
      ['remotePort', 'client'],
      ['localAddress', '127.0.0.1'],
      ['localFamily', 'IPv4'],
      ['localPort', 'server']
    ]);
  }
);

contract(
  'the addresses are known for the first time after the upgrade, and not when closed',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    const closed = once(ws, 'close');

    client.socket.end();
    await closed;
    log(NAMES.map((name) => socket[name]));
  }
);

const hasIPv6 = Object.values(require('node:os').networkInterfaces())
  .flat()
  .some(({ address }) => address === '::1');

if (hasIPv6) {
  for (const [host, target] of [
    ['::1', '::1'],
    ['::', '127.0.0.1']
  ]) {
    contract(
      `the addresses of a connection to ${target} on a server on ${host}`,
      async ({ lib, log, t }) => {
        const wss = new lib.WebSocketServer({ port: 0, host });
        t.after(() => wss.close());
        await once(wss, 'listening');
        const { port } = wss.address();
        const connection = once(wss, 'connection');
        const socket = net.connect(port, target);
        t.after(() => socket.destroy());
        await once(socket, 'connect');
        new RawClient(socket).send(require('../support/raw-client').request());
        const [ws] = await connection;

        log(names(ws._socket, { server: port, client: socket.localPort }));
      },
      ([[entries]]) => assert.deepStrictEqual(entries[1][1], 'IPv6')
    );
  }
}

contract(
  'the state of the stream while open, while closing and when closed (WS-CONTRACT 27)',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    const state = () => [
      socket.destroyed,
      socket.readyState,
      socket.connecting,
      socket.pending,
      socket.readable,
      socket.writable,
      socket.writableEnded,
      socket.readableEnded,
      socket.closed
    ];

    log('open', state());
    ws.close();
    log('closing', state());
    client.send(frame(0x88));
    await client.readFrame();
    const closed = once(ws, 'close');
    await client.close();
    await closed;
    log('closed', state());
  },
  (log) => {
    assert.strictEqual(log[0][1][0], false);
    assert.strictEqual(log[2][1][0], true);
  }
);

contract(
  'setNoDelay(), setKeepAlive(), setTimeout(), ref() and unref() return the socket (WS-CONTRACT 27)',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    const call = () => [
      socket.setNoDelay() === socket,
      socket.setNoDelay(false) === socket,
      socket.setKeepAlive(true, 1000) === socket,
      socket.setKeepAlive(false) === socket,
      socket.setTimeout(1000) === socket,
      socket.timeout,
      socket.setTimeout(0) === socket,
      socket.unref() === socket,
      socket.ref() === socket
    ];

    log('open', call());
    const closed = once(ws, 'close');
    await client.close();
    await closed;
    log('closed', call());
  }
);

/** The timer that the kernel runs for a connection: 2 is keep-alive. */
function kernelTimer(localPort, remotePort) {
  const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
  const line = fs
    .readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(
      ([, local, remote]) =>
        local?.endsWith(`:${hex(localPort)}`) &&
        remote.endsWith(`:${hex(remotePort)}`)
    );
  return Number(line[5].split(':')[0]);
}

contract(
  'setKeepAlive() reaches the kernel (WS-CONTRACT 27)',
  async ({ lib, log, t }) => {
    const { ws, client, port } = await pair(t, lib);
    const timer = () => kernelTimer(port, client.socket.localPort);
    // What was sent is acknowledged: no other timer runs.
    client.send(frame(0x89));
    await client.readFrame();
    client.send(frame(0x81));
    await once(ws, 'message');
    while (timer() === 1 || timer() === 4) await new Promise(setImmediate);

    log(timer());
    ws._socket.setKeepAlive(true, 60_000);
    log(timer());
    ws._socket.setKeepAlive(false);
    log(timer());
  },
  (log) => assert.deepStrictEqual(log, [[0], [2], [0]])
);

contract(
  'bytesRead and bytesWritten count the handshake and the frames (WS-CONTRACT 27)',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    const counts = () => [socket.bytesRead, socket.bytesWritten];

    log('open', counts());
    for (const size of [0, 10, 126, 60_000]) {
      const message = once(ws, 'message');
      client.send(frame(0x82, Buffer.alloc(size)));
      await message;
      log('read', size, counts());
      ws.send(Buffer.alloc(size));
      // A stream is given it at the end of the tick.
      if (!comparesStreams()) log('sent', size, counts());
      await client.readFrame();
      log('taken', size, counts());
    }
    ws.ping();
    ws.send('text');
    socket.write('raw');
    log('batch', counts());

    const closed = once(ws, 'close');
    await client.close();
    await closed;
    log('closed', counts());
  },
  (log) => {
    const [, read] = log[0];
    assert.deepStrictEqual(log.find(([name]) => name === 'closed').length, 2);
    assert.ok(read[0] > 100 && read[1] > 100);
  }
);

contract(
  'bytesRead counts what came with the request in one segment',
  async ({ lib, log, t }) => {
    const server = http.createServer();
    const wss = new lib.WebSocketServer({ server });
    const port = await listen(t, server);
    const message = new Promise((resolve) => {
      wss.on('connection', (ws) =>
        ws.on('message', () => resolve(ws._socket.bytesRead))
      );
    });

    const client = await open(t, port, { behind: frame(0x81, 'behind') });
    log(await message);
    client.socket.destroy();
  }
);

contract(
  'bytesWritten counts what waits to be written, too',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    client.socket.pause();
    const before = ws._socket.bytesWritten;

    ws.send(Buffer.alloc(16 * 1024 * 1024));
    log(ws._socket.bytesWritten - before, ws._socket.writableLength > 0);
    ws.terminate();
  }
);
