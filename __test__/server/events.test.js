'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { listen, open, serve } = require('../support/serve');

contract(
  "emits 'listening' without arguments, and calls the constructor's callback before",
  async ({ lib, log }) => {
    const wss = new lib.WebSocketServer(
      { port: 0, host: '127.0.0.1' },
      function (...args) {
        log('callback', args, this === wss._server);
      }
    );
    wss.on('listening', function (...args) {
      log('listening', args, this === wss);
    });
    await once(wss, 'listening');
    const { address, family, port } = wss.address();
    log(address, family, port > 0, wss._server instanceof http.Server);
    wss.close();
    log(wss.address());
    await once(wss, 'close');
    log(wss.address());
  },
  (log) => {
    assert.deepStrictEqual(log[0], ['callback', [], true]);
    assert.deepStrictEqual(log.at(-1), [null]);
  }
);

contract(
  'address() throws in noServer mode, and is null before and after (WS-CONTRACT 5)',
  ({ lib, log }) => {
    const wss = new lib.WebSocketServer({ noServer: true });
    try {
      wss.address();
    } catch (err) {
      log(err);
    }
    const server = http.createServer();
    log(new lib.WebSocketServer({ server }).address());
  },
  ([[error]]) => {
    assert.strictEqual(
      error.message,
      'The server is operating in "noServer" mode'
    );
  }
);

contract("re-emits the server's 'error'", async ({ lib, log, t }) => {
  const taken = net.createServer();
  const port = await listen(t, taken);
  const wss = new lib.WebSocketServer({ port, host: '127.0.0.1' });
  const [err] = await once(wss, 'error');
  log(err.code, err.syscall, err.port === port);

  const server = http.createServer();
  const other = new lib.WebSocketServer({ server });
  other.on('error', (err) => log(err));
  server.emit('error', new Error('mine'));
});

contract('passes host and backlog to listen()', async ({ lib, log }) => {
  const { listen } = net.Server.prototype;

  for (const options of [
    { port: 0 },
    { port: 1, host: 'localhost', backlog: 3 },
    { port: 2, backlog: 1000 }
  ]) {
    net.Server.prototype.listen = function (...args) {
      log(args);
      return listen.call(this, 0, '127.0.0.1');
    };
    const wss = new lib.WebSocketServer(options);
    net.Server.prototype.listen = listen;
    await once(wss, 'listening');
    wss.close();
    await once(wss, 'close');
  }
});

contract(
  "'connection' has ws and req, when the connection is OPEN and among clients (WS-CONTRACT 8)",
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);
    wss.on('connection', function (...args) {
      const [ws, req] = args;
      log(args.length, this === wss, ws.readyState, wss.clients.has(ws));
      log(req instanceof http.IncomingMessage, req.url, req.headers.host);
    });
    await open(t, port, { path: '/a?b=c' });
    await open(t, port);
    log(wss.clients.size);
  },
  (log) => assert.deepStrictEqual(log[0], [2, true, 1, true])
);

contract(
  "clients no longer holds ws in the user's 'close' listener (WS-CONTRACT 8)",
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);

    for (const end of [
      (client, ws) => ws.terminate(),
      (client, ws) => ws.close(),
      (client) => client.socket.end(),
      (client) => client.reset(),
      (client) => client.send(frame(0x88)),
      (client) => client.send(frame(0x83))
    ]) {
      const closed = new Promise((resolve) => {
        wss.once('connection', (ws) => {
          ws.on('error', (err) => log(err, wss.clients.has(ws)));
          ws.on('close', (code) => {
            log('close', code, wss.clients.has(ws), wss.clients.size);
            resolve();
          });
        });
      });
      const client = await open(t, port);
      const [ws] = wss.clients;
      // As a peer does that has its wits about it.
      client.readFrame().then(
        () => client.socket.end(frame(0x88)),
        () => client.socket.end()
      );
      end(client, ws);
      await closed;
    }
  },
  (log) => {
    const closes = log.filter(([name]) => name === 'close');
    assert.strictEqual(closes.length, 6);
    for (const entry of closes)
      assert.deepStrictEqual(entry.slice(2), [false, 0]);
  }
);

contract(
  "a connection ended in its 'connection' listener leaves clients, too",
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);
    const gone = new Promise((resolve) => {
      wss.on('connection', (ws) => {
        ws.terminate();
        log(wss.clients.has(ws), ws.readyState);
        ws.on('close', (code) => {
          log(code, wss.clients.size);
          resolve();
        });
      });
    });
    await open(t, port);
    await gone;
  }
);

contract(
  'makes connections of the class of the WebSocket option (WS-CONTRACT 7)',
  async ({ lib, log, t }) => {
    class Mine extends lib.WebSocket {
      constructor(...args) {
        super(...args);
        log(args.length, args[0], args[1], args[2] === wss.options);
        this.mine = this.readyState;
        this.on('open', function () {
          log('open', this.readyState, wss.clients.has(this), arguments.length);
        });
      }

      greet() {
        this.send(`mine ${this.mine}`);
      }
    }
    const { wss, port } = await serve(t, lib, { WebSocket: Mine });
    wss.on('connection', (ws) => {
      log(ws instanceof Mine, ws.constructor === Mine);
      ws.greet();
    });
    log(await (await open(t, port)).readFrame());
  },
  (log) => assert.deepStrictEqual(log[1], ['open', 1, false, 0])
);

contract(
  "ws.on('open', ws.close) works (WS-CONTRACT 7)",
  async ({ lib, log, t }) => {
    class Closing extends lib.WebSocket {
      constructor(...args) {
        super(...args);
        this.on('open', this.close);
      }
    }
    const { wss, port } = await serve(t, lib, { WebSocket: Closing });
    const closed = new Promise((resolve) => {
      wss.on('connection', (ws) => {
        log(ws.readyState);
        ws.on('close', (code, reason) => {
          log(code, reason);
          resolve();
        });
      });
    });
    const client = await open(t, port);
    log(await client.readFrame());
    client.send(frame(0x88));
    client.socket.end();
    await closed;
  },
  (log) => assert.deepStrictEqual(log[0], [2])
);

contract('WebSocketServer can be subclassed', async ({ lib, log, t }) => {
  class Mine extends lib.WebSocketServer {
    shouldHandle(req) {
      return super.shouldHandle(req) && req.url !== '/no';
    }

    handleUpgrade(req, socket, head, cb) {
      log('handleUpgrade', req.url);
      super.handleUpgrade(req, socket, head, (ws, req) => {
        ws.id = 7;
        cb(ws, req);
      });
    }

    address() {
      return super.address();
    }
  }
  const { wss, port } = await serve(
    t,
    { WebSocketServer: Mine },
    { path: '/yes' }
  );
  wss.on('connection', (ws) => ws.send(String(ws.id)));
  log(await (await open(t, port, { path: '/yes' })).readFrame());
  log((await open(t, port, { path: '/no' })).response);
});
