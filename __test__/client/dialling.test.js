'use strict';

const assert = require('node:assert');
const dns = require('node:dns');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { header, RawServer } = require('../support/raw-server');
const { listen, serve } = require('../support/serve');
const { turns } = require('../support/session');
const { after, dial, follow } = require('./support');

/** Dials, sees the connection open and echo, and closes it: logs `describe(ws, peer)`. */
async function converse({ lib, log, t }, { port, wss }, address, options) {
  const connection = once(wss, 'connection');
  const ws = dial({ lib, t }, address ?? port, options);
  const closed = follow(ws, log);
  const [peer, req] = await connection;
  log(req.url, peer.readyState);
  peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
  await after(ws, 'open');
  ws.send('hello');
  await after(ws, 'message');
  ws.close(1000, 'bye');
  await closed;
  return req;
}

/** A path for a Unix socket, whose folder goes with the test. */
function socketPath(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-'));
  t.after(() => fs.rmSync(folder, { force: true, recursive: true }));
  return path.join(folder, 'socket');
}

suite('the connection is made (WS-CONTRACT 29)', () => {
  contract('with an agent', async ({ lib, log, t }) => {
    const target = await serve(t, lib);
    const agent = new http.Agent();
    const made = [];
    agent.createConnection = (options, callback) => {
      made.push(options.host, options.method, options.path);
      return net.createConnection(options, callback);
    };
    await converse({ lib, log, t }, target, undefined, { agent });
    log(made);
    log(Object.keys(agent.sockets).length, Object.keys(agent.requests).length);
    agent.destroy();
  });

  contract(
    'with an agent that keeps connections, which gets none back',
    async ({ lib, log, t }) => {
      const target = await serve(t, lib);
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      t.after(() => agent.destroy());

      for (let i = 0; i < 3; i++) {
        await converse({ lib, log, t }, target, undefined, { agent });
        log(Object.keys(agent.freeSockets).length);
      }
    }
  );

  contract('without an agent: false', async ({ lib, log, t }) => {
    const target = await serve(t, lib);
    await converse({ lib, log, t }, target, undefined, { agent: false });
  });

  contract(
    'with lookup, to the address that it says',
    async ({ lib, log, t }) => {
      const target = await serve(t, lib);
      const address = `ws://example.test:${target.port}/a`;
      const req = await converse({ lib, log, t }, target, address, {
        lookup(hostname, options, callback) {
          log('lookup', hostname);
          if (options.all) {
            callback(null, [{ address: '127.0.0.1', family: 4 }]);
          } else {
            callback(null, '127.0.0.1', 4);
          }
        }
      });
      log(req.headers.host.replace(String(target.port), 'PORT'));
    },
    (log) => {
      assert.deepStrictEqual(log[0], ['lookup', 'example.test']);
      assert.deepStrictEqual(log.at(-1), ['example.test:PORT']);
    }
  );

  contract('with lookup that fails', async ({ lib, log, t }) => {
    const ws = dial({ lib, t }, 'ws://example.test', {
      lookup(hostname, options, callback) {
        const error = new Error('no such host');
        error.code = dns.NOTFOUND;
        process.nextTick(callback, error);
      }
    });
    await follow(ws, log);
  });

  contract(
    'with createConnection, which is given the options of the request',
    async ({ lib, log, t }) => {
      const target = await serve(t, lib);
      const url = `ws://example.test:${target.port}/path?q`;
      await converse({ lib, log, t }, target, url, {
        createConnection(options) {
          log(options.host, options.port === String(target.port));
          log(options.method, options.path, options.headers.Upgrade);
          return net.connect(target.port, '127.0.0.1');
        }
      });
    }
  );

  contract('from localAddress', async ({ lib, log, t }) => {
    const target = await serve(t, lib);
    const connection = once(target.wss, 'connection');
    const ws = dial({ lib, t }, target.port, { localAddress: '127.0.0.2' });
    const closed = follow(ws, log);
    const [, req] = await connection;
    log(req.socket.remoteAddress);
    await after(ws, 'open');
    log(ws._socket.localAddress);
    ws.close();
    await closed;
  });

  contract('to an IPv6 address', async ({ lib, log, t }) => {
    const target = await serve(t, lib, { host: '::1' });
    const url = `ws://[::1]:${target.port}/six`;
    const req = await converse({ lib, log, t }, target, url);
    log(req.headers.host.replace(String(target.port), 'PORT'));
  });

  contract('to a Unix socket, with a path', async ({ lib, log, t }) => {
    const name = socketPath(t);
    const server = http.createServer();
    const wss = new lib.WebSocketServer({ server });
    await listen(t, server, name);
    t.after(() => wss.close());

    for (const rest of ['', ':', ':/', ':/path?q=1', ':/a:b', '?x:/y']) {
      const url = `ws+unix:${name}${rest}`;

      if (rest.startsWith('?')) {
        // The query is part of the socket's name.
        const ws = dial({ lib, t }, url);
        ws.on('error', ({ code, syscall }) => log(code, syscall));
        await after(ws, 'close');
      } else {
        const req = await converse({ lib, log, t }, { wss }, url);
        log(req.headers.host);
      }
    }
  });
});

suite('finishRequest (WS-CONTRACT 29)', () => {
  contract(
    'may change the request, and ends it at once',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port, {
        finishRequest(req, websocket) {
          log(websocket.readyState, req instanceof http.ClientRequest);
          log(websocket._req === req, req.getHeader('upgrade'));
          req.setHeader('X-Finish', 'yes');
          req.removeHeader('Sec-WebSocket-Version');
          req.end();
        }
      });
      const closed = follow(ws, log);
      const { request } = await raw.request();
      log(header(request, 'X-Finish'));
      log(header(request, 'Sec-WebSocket-Version'));
      ws.terminate();
      await closed;
    },
    (log) => assert.deepStrictEqual(log[2], ['yes'])
  );

  contract('may end it later', async ({ lib, log, t }) => {
    const target = await serve(t, lib);
    const ws = dial({ lib, t }, target.port, {
      finishRequest(req, websocket) {
        log('finishRequest');
        turns(5).then(() => {
          log(websocket.readyState);
          req.setHeader('X-Finish', 'later');
          req.end();
        });
      }
    });
    const closed = follow(ws, log);
    const [, req] = await once(target.wss, 'connection');
    log(req.headers['x-finish']);
    await after(ws, 'open');
    ws.close();
    await closed;
  });

  contract('may throw: so does the constructor', async ({ lib, log, t }) => {
    let closed;

    try {
      dial({ lib, t }, 'ws://127.0.0.1:1', {
        finishRequest(req, websocket) {
          // Nobody else gets hold of it.
          closed = follow(websocket, log);
          req.destroy();
          throw new Error('no');
        }
      });
    } catch (error) {
      log(error);
    }
    await closed;
  });

  contract('may destroy it with an error', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port, {
      finishRequest: (req) => req.destroy(new Error('changed my mind'))
    });
    await follow(ws, log);
  });

  contract('is called for each redirect', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    let calls = 0;
    const ws = dial({ lib, t }, raw.port, {
      followRedirects: true,
      finishRequest(req) {
        req.setHeader('X-Call', ++calls);
        req.end();
      }
    });
    const closed = follow(ws, log);
    const first = await raw.request();
    log(header(first.request, 'X-Call'));
    first.send(Buffer.from('HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n'));
    const { request } = await raw.request();
    log(header(request, 'X-Call'), request.split(' ')[1]);
    ws.terminate();
    await closed;
  });
});

suite('the connection that was made', () => {
  contract(
    'is told by _socket, once it is open (WS-CONTRACT 27)',
    async ({ lib, log, t }) => {
      const { port } = await serve(t, lib);
      const ws = dial({ lib, t }, port);
      const closed = follow(ws, log);
      log(ws._socket, ws._req !== null);
      await after(ws, 'open');
      const { _socket: socket } = ws;
      log(
        socket.remoteAddress,
        socket.remotePort === port,
        socket.remoteFamily
      );
      log(socket.localAddress, typeof socket.localPort, ws._req);
      log(socket.destroyed, socket.readable, socket.writable);
      ws.close();
      await closed;
      log(socket.destroyed);
    }
  );

  contract('has no delay and no timeout', async ({ lib, log, t }) => {
    const { port } = await serve(t, lib);
    const calls = [];
    const ws = dial({ lib, t }, port, {
      handshakeTimeout: 60000,
      createConnection(options) {
        const socket = net.connect(port, '127.0.0.1');
        log(options.timeout);
        for (const name of ['setNoDelay', 'setTimeout']) {
          const original = socket[name];
          socket[name] = function (...args) {
            calls.push([name, args[0]]);
            return original.apply(this, args);
          };
        }
        return socket;
      }
    });
    const closed = follow(ws, log);
    await after(ws, 'open');
    log(
      ws._socket.timeout,
      calls.some(([name]) => name === 'setNoDelay')
    );
    ws.close();
    await closed;
  });
});
