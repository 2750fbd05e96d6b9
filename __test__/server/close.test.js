'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');

const { contract } = require('../support/contract');
const { connect, listen, open, refused, serve } = require('../support/serve');
const { frame } = require('../support/raw-client');

contract(
  "close() calls back at 'close', in order with its listeners, not at once (WS-CONTRACT 9)",
  async ({ lib, log, t }) => {
    const { wss } = await serve(t, lib);
    const server = wss._server;

    server.on('close', () => log('server'));
    wss.on('close', (...args) => log('close', args));
    log(wss.close((...args) => log('callback', args)));
    log('returned', wss._server);
    await once(wss, 'close');
    log('end', server.listening);
  },
  (log) => {
    assert.deepStrictEqual(
      log.map(([name]) => name),
      [undefined, 'returned', 'server', 'close', 'callback', 'end']
    );
  }
);

contract(
  'close() again while closing gives its callback the same end (WS-CONTRACT 9)',
  async ({ lib, log, t }) => {
    const { wss } = await serve(t, lib);

    wss.on('close', () => log('close'));
    wss.close((...args) => log('first', args));
    wss.close((...args) => log('second', args));
    wss.close();
    await once(wss, 'close');
    await new Promise(setImmediate);
  },
  (log) => {
    assert.deepStrictEqual(log, [['close'], ['first', []], ['second', []]]);
  }
);

contract(
  'close() on a closed server: "The server is not running", and \'close\' again (WS-CONTRACT 9)',
  async ({ lib, log, t }) => {
    const { wss } = await serve(t, lib);
    wss.close();
    await once(wss, 'close');

    wss.on('close', () => log('close'));
    wss.close((err) => log('callback', err));
    log('returned');
    await once(wss, 'close');
    wss.close();
    await once(wss, 'close');
  },
  (log) => {
    assert.deepStrictEqual(log, [
      ['returned'],
      ['close'],
      ['callback', { name: 'Error', message: 'The server is not running' }],
      ['close']
    ]);
  }
);

contract(
  'close() before listening, and with noServer, ends too',
  async ({ lib, log }) => {
    const early = new lib.WebSocketServer({ port: 0, host: '127.0.0.1' });
    early.on('listening', () => log('listening'));
    early.close((...args) => log('early', args));
    await once(early, 'close');

    for (const clientTracking of [true, false]) {
      const wss = new lib.WebSocketServer({ noServer: true, clientTracking });
      wss.on('close', () => log('close'));
      wss.close((...args) => log('noServer', args));
      log('returned');
      await once(wss, 'close');
    }
  },
  (log) => assert.strictEqual(log[0][0], 'early')
);

contract(
  'close() leaves clients alone, and ends when the last of them has (WS-CONTRACT 9)',
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);
    wss.on('connection', (ws) => {
      ws.on('message', (data) => ws.send(data));
    });
    const clients = [await open(t, port), await open(t, port)];

    wss.close(() => log('closed'));
    for (const client of clients) {
      client.send(frame(0x81, 'alive'));
      log(await client.readFrame(), wss.clients.size);
    }
    const done = once(wss, 'close');
    for (const client of clients) await client.close();
    await done;
  },
  (log) => {
    assert.deepStrictEqual(log.slice(2), [['closed']]);
  }
);

for (const mode of ['server', 'noServer']) {
  contract(
    `close() with ${mode} waits for its clients, and leaves the http server alone (WS-CONTRACT 9)`,
    async ({ lib, log, t }) => {
      const server = http.createServer((req, res) => res.end());
      const mine = () => {};
      server.on('error', mine);
      const options = mode === 'server' ? { server } : { noServer: true };
      const wss = new lib.WebSocketServer(options);
      const opened = new Promise((resolve) => wss.on('connection', resolve));
      if (mode === 'noServer') {
        server.on('upgrade', (req, socket, head) => {
          wss.handleUpgrade(req, socket, head, (ws) =>
            wss.emit('connection', ws, req)
          );
        });
      }
      const port = await listen(t, server);
      const counts = () =>
        ['listening', 'upgrade', 'error'].map((e) => server.listenerCount(e));
      const client = await open(t, port);
      const ws = await opened;

      log(counts());
      wss.on('close', () => log('close', ws.readyState, server.listening));
      wss.close(() => log('callback'));
      log(counts(), ws.readyState, wss.clients.size, wss._server);
      ws.on('message', (data) => ws.send(data));
      client.send(frame(0x81, 'alive'));
      log(await client.readFrame());

      const done = once(wss, 'close');
      client.socket.end();
      await done;
      log(server.listening, server.listeners('error')[0] === mine);
    },
    (log) => {
      assert.deepStrictEqual(log.at(-3), ['close', 3, true]);
      assert.deepStrictEqual(log.at(-2), ['callback']);
    }
  );
}

contract(
  'without clientTracking, close() with a foreign server does not wait for clients',
  async ({ lib, log, t }) => {
    const server = http.createServer();
    const wss = new lib.WebSocketServer({ server, clientTracking: false });
    const opened = new Promise((resolve) => wss.on('connection', resolve));
    const port = await listen(t, server);
    const client = await open(t, port);
    const ws = await opened;

    log(wss.clients);
    wss.close(() => log('closed', ws.readyState));
    await once(wss, 'close');
    ws.send('still');
    log(await client.readFrame());
    ws.terminate();
    await client.readToEnd();
  },
  (log) => assert.deepStrictEqual(log[1], ['closed', 1])
);

contract(
  'a closing or closed server refuses upgrades with 503 (WS-CONTRACT 3)',
  async ({ lib, log, t }) => {
    const server = http.createServer();
    const wss = new lib.WebSocketServer({ noServer: true });
    wss.on('wsClientError', (err, socket) => {
      log('wsClientError', err);
      socket.destroy();
    });
    server.on('upgrade', (req, socket, head) => {
      wss.handleUpgrade(req, socket, head, () => log('connection'));
    });
    const port = await listen(t, server);
    const client = await open(t, port);

    wss.close();
    log(await refused(t, port));
    log(await refused(t, port, { method: 'POST' }));
    const done = once(wss, 'close');
    await client.close();
    await done;
    wss.removeAllListeners('wsClientError');
    log(await refused(t, port));
  },
  (log) => {
    assert.strictEqual(
      log[1][0],
      'HTTP/1.1 503 Service Unavailable\r\n' +
        'Connection: close\r\n' +
        'Content-Type: text/html\r\n' +
        'Content-Length: 19\r\n' +
        '\r\n' +
        'Service Unavailable'
    );
  }
);

contract(
  'closeAllConnections() and closeIdleConnections() leave what was upgraded',
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);
    wss.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
    const client = await open(t, port);
    const idle = await connect(t, port);

    for (const method of ['closeIdleConnections', 'closeAllConnections']) {
      wss._server[method]();
      client.send(frame(0x81, 'alive'));
      log(method, await client.readFrame());
    }
    log(await idle.readToEnd(), wss.clients.size);
  },
  (log) => assert.strictEqual(log.length, 3)
);
