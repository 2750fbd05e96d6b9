'use strict';

const assert = require('node:assert');
const http = require('node:http');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { RawServer, response } = require('../support/raw-server');
const { listen, serve } = require('../support/serve');
const { turns } = require('../support/session');
const { after, dial, follow } = require('./support');

/** A server of Node.js that refuses all, with a body; resolves with its port. */
function refusing(t, status, body, headers) {
  const server = http.createServer();
  server.on('upgrade', (req, socket) => {
    const lines = Object.entries({
      'Content-Length': Buffer.byteLength(body),
      ...headers
    }).map(([name, value]) => `${name}: ${value}\r\n`);

    socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`);
  });
  return listen(t, server);
}

/** Reads a response to its end. */
async function bodyOf(res) {
  const chunks = [];
  for await (const chunk of res) chunks.push(chunk);
  return Buffer.concat(chunks);
}

suite("'unexpected-response' (WS-CONTRACT 31)", () => {
  contract(
    'with a listener, there is no error, and the listener may read the body',
    async ({ lib, log, t }) => {
      const port = await refusing(t, '401 Unauthorized', 'a body', {
        'WWW-Authenticate': 'Basic realm="x"'
      });
      const ws = dial({ lib, t }, port);
      const closed = follow(ws, log);
      const [req, res] = await new Promise((resolve) =>
        ws.on('unexpected-response', (...args) => {
          log('unexpected-response', args.length, ws.readyState);
          resolve(args);
        })
      );
      log(req instanceof http.ClientRequest, req === ws._req);
      log(res.statusCode, res.statusMessage, res.headers);
      log(await bodyOf(res));
      await turns();
      log(ws.readyState);
      // What the handshake comes to is the listener's business.
      ws.terminate();
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(
        log.map(([first]) => first),
        [
          'unexpected-response',
          true,
          401,
          'Buffer 6120626f6479',
          0,
          'error',
          'close'
        ]
      )
  );

  contract(
    'with a listener that destroys the request, with an error or without',
    async ({ lib, log, t }) => {
      for (const error of [undefined, new Error('mine')]) {
        const port = await refusing(t, '404 Not Found', 'x'.repeat(9));
        const ws = dial({ lib, t }, port);
        const closed = follow(ws, log);
        ws.on('unexpected-response', (req, res) => {
          res.on('error', ({ code, message }) => log('res', code, message));
          res.on('close', () => log('res close'));
          req.destroy(error);
        });
        await Promise.race([closed, turns(20)]);
        log(ws.readyState);
        ws.terminate();
        await turns();
      }
    }
  );

  contract(
    'with a listener that closes or terminates',
    async ({ lib, log, t }) => {
      for (const method of ['close', 'terminate']) {
        const port = await refusing(t, '503 Busy', 'later');
        const ws = dial({ lib, t }, port);
        const closed = follow(ws, log);
        ws.on('unexpected-response', () => {
          ws[method]();
          log(method, ws.readyState);
        });
        await closed;
      }
    },
    (log) =>
      assert.deepStrictEqual(log.slice(0, 3), [
        ['close', 2],
        [
          'error',
          {
            name: 'Error',
            message:
              'WebSocket was closed before the connection was established'
          },
          2
        ],
        ['close', 1006, 'Buffer ', 3]
      ])
  );

  contract('with a listener for once', async ({ lib, log, t }) => {
    const port = await refusing(t, '500 No', '');
    const ws = dial({ lib, t }, port);
    const closed = follow(ws, log);
    ws.once('unexpected-response', (req) => {
      log(ws.listenerCount('unexpected-response'));
      req.destroy();
      ws.terminate();
    });
    await closed;
  });

  contract('from the library itself', async ({ lib, log, t }) => {
    const { port } = await serve(t, lib, {
      path: '/right',
      verifyClient: (info, cb) => cb(false, 403, 'No!', { 'X-Why': 'so' })
    });

    for (const path of ['/right', '/wrong']) {
      const ws = dial({ lib, t }, `ws://127.0.0.1:${port}${path}`);
      const closed = follow(ws, log);
      const res = await new Promise((resolve) =>
        ws.on('unexpected-response', (req, res) => resolve(res))
      );
      log(res.statusCode, res.headers['x-why'], await bodyOf(res));
      ws.terminate();
      await closed;
    }
  });

  contract('of a redirect that is not followed', async ({ lib, log, t }) => {
    const port = await refusing(t, '302 Found', '', { Location: '/x' });
    const ws = dial({ lib, t }, port);
    const closed = follow(ws, log);
    ws.on('unexpected-response', (req, res) => {
      log(res.statusCode, res.headers.location);
      ws.terminate();
    });
    await closed;
  });

  contract('comes for HTTP without an upgrade', async ({ lib, log, t }) => {
    const server = http.createServer((req, res) => {
      log('request', req.headers.upgrade);
      res.end('plain');
    });
    const ws = dial({ lib, t }, await listen(t, server));
    const closed = follow(ws, log);
    const res = await new Promise((resolve) =>
      ws.on('unexpected-response', (req, res) => resolve(res))
    );
    log(res.statusCode, await bodyOf(res));
    ws.terminate();
    await closed;
  });

  contract('waits for a response: 1xx are none', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    const closed = follow(ws, log);
    const peer = await raw.request();
    peer.send(
      Buffer.concat([
        Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'),
        Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n'),
        response(peer.request, { behind: '8102 6869 8800' })
      ])
    );
    await closed;
  });
});

suite("'upgrade' (WS-CONTRACT 31)", () => {
  contract(
    "comes before 'open', with the response",
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port, 'foo');
      const closed = follow(ws, log);
      ws.on('upgrade', (...args) => {
        const [res] = args;
        log(args.length, res instanceof http.IncomingMessage);
        log(res.headers['x-more'], res.statusMessage, res.rawHeaders.length);
        log(ws.protocol, ws._socket, ws._req !== null);
      });
      ws.on('open', () => log(ws.protocol, ws._socket !== null, ws._req));
      await raw.upgrade({
        behind: '8800',
        headers: { 'Sec-WebSocket-Protocol': 'foo', 'X-More': 'yes' },
        status: '101 Come In'
      });
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(
        log.slice(0, 4).map(([first]) => first),
        ['upgrade', 1, 'yes', '']
      )
  );

  contract('comes before what is found wrong', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    const closed = follow(ws, log);
    await raw.upgrade({ headers: { Upgrade: 'foo' } });
    await closed;
  });

  contract('shows each Set-Cookie', async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    wss.on('headers', (headers) =>
      headers.push('Set-Cookie: a=1', 'Set-Cookie: b=2')
    );
    const ws = dial({ lib, t }, port);
    const closed = follow(ws, log);
    ws.on('upgrade', (res) => log(res.headers['set-cookie']));
    await after(ws, 'open');
    ws.close();
    await closed;
  });

  contract('may change the response', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    const closed = follow(ws, log);
    ws.on('upgrade', (res) => {
      delete res.headers['sec-websocket-protocol'];
    });
    await raw.upgrade({
      behind: '8800',
      headers: { 'Sec-WebSocket-Protocol': 'unasked' }
    });
    await closed;
  });
});
