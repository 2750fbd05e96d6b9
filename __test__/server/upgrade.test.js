'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');

const { contract } = require('../support/contract');
const { frame, RawClient, request } = require('../support/raw-client');
const { connect, listen, open, serve } = require('../support/serve');

contract(
  "handleUpgrade() with noServer calls back with ws and req, and emits no 'connection'",
  async ({ lib, log, t }) => {
    const wss = new lib.WebSocketServer({ noServer: true });
    const server = http.createServer();
    const port = await listen(t, server);

    wss.on('connection', () => log('connection'));
    server.on('upgrade', (req, socket, head) => {
      const result = wss.handleUpgrade(req, socket, head, (ws, ...rest) => {
        log(ws instanceof lib, rest.length, rest[0] === req);
        log(ws.readyState, ws._socket === socket, wss.clients.has(ws));
        ws.on('message', (data, isBinary) =>
          ws.send(data, { binary: isBinary })
        );
      });
      log('returned', result);
    });

    const client = await open(t, port);
    client.send(frame(0x81, 'hi'));
    log(await client.readFrame());
    log(Object.keys(wss).sort().includes('_server'), wss._server);
  },
  (log) => {
    assert.deepStrictEqual(log[0], [true, 1, true]);
    assert.deepStrictEqual(log[1], [1, true, true]);
  }
);

contract(
  'serves on a foreign http server, beside its requests and other upgrades',
  async ({ lib, log, t }) => {
    const server = http.createServer((req, res) => res.end('page'));
    const wss = new lib.WebSocketServer({ server });
    wss.on('listening', () => log('listening'));
    wss.on('connection', (ws, req) => log('connection', req.url));
    const port = await listen(t, server);

    log(wss.address().port === port, wss._server === server);
    log((await open(t, port, { path: '/x' })).response);
    const [res] = await once(http.get({ port, host: '127.0.0.1' }), 'response');
    log(res.statusCode, (await res.toArray()).join(''));
    for (const ws of wss.clients) ws.terminate();
  },
  (log) => assert.strictEqual(log.length, 5)
);

contract(
  'two servers share one http server by their paths',
  async ({ lib, log, t }) => {
    const server = http.createServer();
    const servers = ['/foo', '/bar'].map((path) => {
      const wss = new lib.WebSocketServer({ noServer: true, path });
      wss.on('connection', (ws) => ws.send(path));
      return wss;
    });

    server.on('upgrade', (req, socket, head) => {
      const wss = servers.find((wss) => wss.shouldHandle(req));
      if (wss === undefined) return socket.destroy();
      wss.handleUpgrade(req, socket, head, (ws) => {
        wss.emit('connection', ws, req);
      });
    });
    const port = await listen(t, server);

    for (const path of ['/foo', '/bar?x']) {
      log(await (await open(t, port, { path })).readFrame());
    }
    const other = await connect(t, port);
    other.send(request({ path: '/baz' }));
    log(await other.readToEnd());
  },
  ([[{ payload }]]) => assert.strictEqual(String(payload), '/foo')
);

contract(
  'a second handleUpgrade() with the same socket throws (WS-CONTRACT 2)',
  async ({ lib, log, t }) => {
    const server = http.createServer();
    const wss = new lib.WebSocketServer({ server });
    const seen = once(server, 'upgrade');
    const port = await listen(t, server);
    const client = await open(t, port);
    const [req, socket, head] = await seen;

    try {
      wss.handleUpgrade(req, socket, head, () => log('callback'));
    } catch (err) {
      log(err);
    }

    // The connection is none the worse.
    const [ws] = wss.clients;
    ws.send('still');
    log(await client.readFrame(), wss.clients.size);
  },
  ([[error]]) => assert.match(error.message, /more than once with the same/)
);

contract(
  'two servers on one http server that both take an upgrade: the second throws (WS-CONTRACT 2)',
  async ({ lib, log, t }) => {
    const server = http.createServer();
    const first = new lib.WebSocketServer({ noServer: true });
    const second = new lib.WebSocketServer({ noServer: true });
    const port = await listen(t, server);
    const client = await connect(t, port);
    client.send(request());
    const args = await once(server, 'upgrade');

    first.handleUpgrade(...args, () => log('first'));
    try {
      second.handleUpgrade(...args, () => log('second'));
    } catch (err) {
      log(err, second.clients.size);
    }
  },
  (log) => assert.strictEqual(log.length, 2)
);

contract(
  'a socket that was destroyed or ended is destroyed, without a connection (WS-CONTRACT 2)',
  async ({ lib, log, t }) => {
    for (const spoil of ['destroy', 'end']) {
      const server = http.createServer();
      const wss = new lib.WebSocketServer({ noServer: true });
      const port = await listen(t, server);
      const client = await connect(t, port);
      client.send(request());
      const [req, socket, head] = await once(server, 'upgrade');

      socket[spoil]();
      log(
        wss.handleUpgrade(req, socket, head, () => log('connection')) === socket
      );
      log(socket.destroyed, wss.clients.size);
      log(await client.readToEnd());
    }
  },
  (log) => assert.deepStrictEqual(log[1], [true, 0])
);

contract(
  "a frame in the request's segment reaches 'message' after the 'connection' listeners (WS-CONTRACT 1)",
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);
    let got;
    const both = new Promise((resolve) => {
      got = resolve;
    });

    wss.on('connection', (ws) => {
      log('connection');
      ws.on('message', (data) => {
        log(data);
        if (String(data) === 'two') got();
      });
    });
    wss.on('connection', () => log('second listener'));

    await open(t, port, {
      behind: Buffer.concat([frame(0x81, 'one'), frame(0x81, 'two')])
    });
    await both;
  },
  (log) => {
    assert.deepStrictEqual(log.slice(0, 2), [
      ['connection'],
      ['second listener']
    ]);
    assert.strictEqual(log.length, 4);
  }
);

contract(
  'a frame cut at any place between head and the rest of the connection arrives whole',
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);
    const whole = frame(0x82, Buffer.alloc(200, 0xa5));
    wss.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));

    for (const cut of [1, 2, 3, 4, 7, 8, 9, 100, whole.length - 1]) {
      const client = await open(t, port, { behind: whole.subarray(0, cut) });
      client.send(whole.subarray(cut));
      log(cut, await client.readFrame());
    }
  },
  (log) => assert.strictEqual(log[0][1].payload.length, 200)
);

contract(
  '300 kB that were sent before an asynchronous handleUpgrade() arrive, in order (WS-CONTRACT 1)',
  async ({ lib, log, t }) => {
    const COUNT = 30;
    const server = http.createServer();
    const wss = new lib.WebSocketServer({ noServer: true });
    const port = await listen(t, server);
    const upgrade = once(server, 'upgrade');
    const client = await connect(t, port);
    const frames = Array.from({ length: COUNT }, (_, i) =>
      frame(0x82, Buffer.alloc(10_000, i))
    );

    client.send(Buffer.concat([request(), ...frames]));
    const args = await upgrade;
    // Another connection's round trip: what was sent has had its time to arrive.
    for (let i = 0; i < 3; i++) {
      const other = http.get({ port, host: '127.0.0.1' });
      server.once('request', (req, res) => res.end());
      const [res] = await once(other, 'response');
      await res.toArray();
    }

    await new Promise((resolve) => {
      wss.handleUpgrade(...args, (ws) => {
        let count = 0;
        log('connection', ws._socket === args[1]);
        ws.on('message', (data) => {
          log(
            data.length,
            data.every((byte) => byte === count)
          );
          if (++count === COUNT) resolve();
        });
      });
    });
  },
  (log) => {
    assert.strictEqual(log.length, 31);
    for (const entry of log.slice(1)) {
      assert.deepStrictEqual(entry, [10_000, true]);
    }
  }
);

contract(
  'serves on a Unix socket (WS-CONTRACT 2)',
  async ({ lib, log, t, name }) => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), `unix-${name}-`));
    t.after(() => fs.rmSync(directory, { recursive: true }));
    const address = path.join(directory, 's');
    const server = http.createServer();
    const wss = new lib.WebSocketServer({ server });
    await listen(t, server, address);

    wss.on('connection', (ws, req) => {
      const { remoteAddress, remotePort, remoteFamily } = ws._socket;
      log(ws._socket === req.socket, wss.address() === address);
      log(remoteAddress, remotePort, remoteFamily);
      log(ws._socket.localAddress, ws._socket.localPort);
      log(typeof ws._socket.setNoDelay(), typeof ws._socket.setKeepAlive());
      ws.on('message', (data) => ws.send(data));
      ws.on('close', (code) => log(code));
    });

    const client = await RawClient.open(address);
    const big = Buffer.alloc(60_000, 'x');
    client.send(frame(0x81, 'hi'));
    log(await client.readFrame());
    client.send(frame(0x82, big));
    log((await client.readFrame()).payload.equals(big));
    client.send(frame(0x88));
    log(await client.readFrame());
    await client.close();
    while (wss.clients.size !== 0) await new Promise(setImmediate);
  },
  (log) => assert.deepStrictEqual(log[0], [true, true])
);
