'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const net = require('node:net');
const { PassThrough } = require('node:stream');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame, request } = require('../support/raw-client');
const { RawServer, readMasked } = require('../support/raw-server');
const { connect, listen, open } = require('../support/serve');
const { record, session } = require('../support/session');
const { serveHttp } = require('./support');

const NODE = Number(process.versions.node.split('.')[0]);

/** Whether the socket of a `WebSocket` is as Node.js made it, so that it moves the bytes. */
function isStream(ws) {
  return Object.getPrototypeOf(ws._socket) === net.Socket.prototype;
}

suite("The option transport, 'auto' or 'stream'", () => {
  for (const [transport, expected] of [
    ['stream', true],
    ['auto', process.platform !== 'linux'],
    [undefined, process.platform !== 'linux'],
    // Any other value is as the default.
    ['Stream', process.platform !== 'linux'],
    [null, process.platform !== 'linux'],
    [true, process.platform !== 'linux']
  ]) {
    test(`of a server, ${transport}`, async (t) => {
      const lib = libraries.ferrows;
      const { ws } = await session({ lib, t }, { server: { transport } });
      assert.strictEqual(isStream(ws), expected);
    });

    test(`of a client, ${transport}`, async (t) => {
      const lib = libraries.ferrows;
      const wss = new lib.WebSocketServer({ port: 0 });
      await once(wss, 'listening');
      wss.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
      const ws = new lib.WebSocket(`ws://127.0.0.1:${wss.address().port}`, {
        transport
      });
      t.after(() => {
        ws.terminate();
        wss.close();
      });
      await once(ws, 'open');
      assert.strictEqual(isStream(ws), expected);
      for (const size of [1, 126, 20_000, 70_000, 1024 * 1024]) {
        for (const data of [Buffer.alloc(size, 7), 'é'.repeat(size)]) {
          ws.send(data);
          const [message] = await once(ws, 'message');
          assert.ok(message.equals(Buffer.from(data)), `${size} bytes`);
        }
      }
    });
  }
});

/** What keeps a socket from being taken over, done to it before the upgrade. */
const OBSTACLES = {
  "a 'data' listener": (socket) => socket.on('data', () => {}),
  "a 'readable' listener": (socket) =>
    // It has to read for all: nothing flows.
    socket.on('readable', () => socket.read()),
  'an own write()': (socket) => {
    socket.write = function (...args) {
      return net.Socket.prototype.write.apply(this, args);
    };
  },
  'being piped': (socket) => socket.pipe(new PassThrough().resume()),
  'a class of its own': (socket) => {
    class Derived extends net.Socket {}
    Object.setPrototypeOf(socket, Derived.prototype);
  },
  'being corked until later': (socket) => {
    socket.cork();
    setImmediate(() => socket.uncork());
  },
  'something still queued': (socket) => {
    // More than the operating system takes at once.
    socket.write(Buffer.alloc(QUEUED, 0x2e));
  }
};

const QUEUED = 8 * 1024 * 1024;

suite('A net.Socket that cannot be taken over is a stream', () => {
  for (const [obstacle, hinder] of Object.entries(OBSTACLES)) {
    contract(`for ${obstacle}`, async ({ lib, log, t }) => {
      const wss = new lib.WebSocketServer({ noServer: true });
      let done;
      const closed = new Promise((resolve) => (done = resolve));
      const { port } = await serveHttp(t, (req, socket, head) => {
        hinder(socket);
        const prototype = Object.getPrototypeOf(socket);
        wss.handleUpgrade(req, socket, head, (ws) => {
          log(Object.getPrototypeOf(ws._socket) === prototype);
          record(ws, log);
          ws.on('close', done);
          ws.on('message', (data) => ws.send(data));
        });
      });

      const client = await connect(t, port);
      client.send(request());
      if (obstacle === 'something still queued') {
        log((await client.read(QUEUED)).every((byte) => byte === 0x2e));
      }
      log(/^HTTP\/1\.1 101 /.test(await client.readHead()));
      client.send(frame(0x81, 'hello'));
      log(await client.readFrame());
      client.send(frame(0x88, Buffer.from('03e8', 'hex')));
      log(await client.readFrame());
      client.socket.end();
      await closed;
    });
  }
});

suite('So is one of a client', () => {
  for (const [obstacle, hinder] of Object.entries(OBSTACLES)) {
    contract(`for ${obstacle}`, async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = new lib.WebSocket(`ws://127.0.0.1:${raw.port}`, {
        perMessageDeflate: false
      });
      t.after(() => ws.terminate());
      let prototype;
      record(ws, log);
      ws.on('upgrade', ({ socket }) => {
        hinder(socket);
        prototype = Object.getPrototypeOf(socket);
      });
      const closed = once(ws, 'close');
      const opened = once(ws, 'open');
      const peer = await raw.upgrade();
      await opened;
      log(Object.getPrototypeOf(ws._socket) === prototype);

      ws.send('hello');
      if (obstacle === 'something still queued') {
        log((await peer.read(QUEUED)).every((byte) => byte === 0x2e));
      }
      log((await readMasked(peer)).payload);
      peer.send('8102 6869 8802 03e8');
      log((await readMasked(peer)).payload);
      peer.socket.end();
      await closed;
    });
  }
});

contract(
  'A net.Socket with an encoding is a stream, too',
  async ({ lib, log, t }) => {
    const wss = new lib.WebSocketServer({ noServer: true });
    let done;
    const closed = new Promise((resolve) => (done = resolve));
    const { port } = await serveHttp(t, (req, socket, head) => {
      // The http server has put another one on it, which throws.
      net.Socket.prototype.setEncoding.call(socket, 'utf8');
      wss.handleUpgrade(req, socket, head, (ws) => {
        log(Object.getPrototypeOf(ws._socket) === net.Socket.prototype);
        record(ws, log);
        ws.on('close', done);
      });
    });
    const client = await open(t, port);
    // A frame of ASCII, as another would not survive; so it has no mask.
    client.send('0105 68656c6c6f');
    log(await client.readFrame());
    client.socket.end();
    await closed;
  },
  (log) => assert.deepStrictEqual(log[0], [true])
);

suite('A connection through a proxy', () => {
  contract('that pipes sockets is served', async ({ lib, log, t }) => {
    const wss = new lib.WebSocketServer({ noServer: true });
    let done;
    const closed = new Promise((resolve) => (done = resolve));
    const { port } = await serveHttp(t, (req, socket, head) => {
      wss.handleUpgrade(req, socket, head, (ws) => {
        record(ws, log);
        ws.on('close', done);
        ws.on('message', (data) => ws.send(data));
      });
    });
    const proxy = net.createServer((socket) => {
      const onwards = net.connect(port, '127.0.0.1');
      socket.pipe(onwards).pipe(socket);
      for (const end of [socket, onwards]) end.on('error', () => {});
    });
    const client = await open(t, await listen(t, proxy));
    client.send(frame(0x81, 'through'));
    log(await client.readFrame());
    client.send(frame(0x88));
    log(await client.readFrame());
    client.socket.end();
    await closed;
  });
});

suite('An upgrade request with a body', () => {
  for (const [part, rest] of [
    ['body', ''],
    ['bo', 'dy'],
    ['', 'body']
  ]) {
    contract(
      `of which ${part.length} of 4 bytes have come`,
      async ({ lib, log, t }) => {
        const wss = new lib.WebSocketServer({ noServer: true });
        let done;
        const closed = new Promise((resolve) => (done = resolve));
        const { port } = await serveHttp(t, (req, socket, head) => {
          log(socket.constructor.name, head);
          req.resume();
          wss.handleUpgrade(req, socket, head, (ws) => {
            record(ws, log);
            ws.on('close', done);
            ws.on('message', (data) => ws.send(data));
          });
        });
        const client = await connect(t, port);
        const head = request({ headers: { 'Content-Length': '4' } });
        client.send(Buffer.concat([head, Buffer.from(part)]));
        const response = await client.readHead();
        // Before Node.js 26 the body is taken for frames.
        client.send(
          Buffer.concat([Buffer.from(rest), frame(0x81, 'a'), frame(0x88)])
        );
        const answer = await client.readFrame();
        client.socket.end();
        await closed;
        log(/^HTTP\/1\.1 101 /.test(response), answer);
      },
      (log) => {
        if (NODE < 26) return;
        const name = rest === '' ? 'Socket' : 'UpgradeStream';
        assert.deepStrictEqual(log[0], [name, 'Buffer ']);
        assert.deepStrictEqual(log[1], ['message', 'Buffer 61', false]);
      }
    );
  }
});
