'use strict';

const assert = require('node:assert');
const { once } = require('node:events');

const { contract } = require('../support/contract');
const { open, serve } = require('../support/serve');

/** Opens a connection that offers subprotocols. */
function offer(t, port, protocols) {
  return open(t, port, { headers: { 'Sec-WebSocket-Protocol': protocols } });
}

contract(
  'accepts the request of the RFC with its exact response (RFC 6455 §1.3)',
  async ({ lib, log, t }) => {
    const { port } = await serve(t, lib);
    log((await open(t, port)).response);
  },
  ([[response]]) => {
    assert.strictEqual(
      response,
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
        '\r\n'
    );
  }
);

contract(
  'chooses the first subprotocol offered (WS-CONTRACT 6)',
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);
    wss.on('connection', (ws) => log(ws.protocol, ws.extensions, ws.url));

    for (const protocols of ['foo', 'bar, foo', 'Foo,bar\t,foo']) {
      log((await offer(t, port, protocols)).response);
    }
    log((await open(t, port)).response);
  },
  (log) => assert.match(log[3][0], /\r\nSec-WebSocket-Protocol: bar\r\n\r\n$/)
);

contract(
  'handleProtocols(Set, req) chooses, and a falsy result means no header (WS-CONTRACT 6)',
  async ({ lib, log, t }) => {
    for (const result of ['bar', 'unasked', false, '', undefined, null, 0]) {
      const { wss, port } = await serve(t, lib, {
        handleProtocols(protocols, req) {
          log(protocols instanceof Set, [...protocols], req.url);
          log(this === wss.options);
          return result;
        }
      });
      wss.on('connection', (ws) => log(ws.protocol));
      log((await offer(t, port, 'foo, bar')).response);
      log((await open(t, port)).response);
    }
  },
  (log) => {
    assert.deepStrictEqual(log[0], [true, ['foo', 'bar'], '/']);
    assert.match(log[3][0], /\r\nSec-WebSocket-Protocol: bar\r\n\r\n$/);
  }
);

contract(
  "'headers' has the lines of the response, which listeners change (WS-CONTRACT 6)",
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);

    wss.on('headers', (headers, req) => {
      log(Array.isArray(headers), headers.slice(), req.url);
      headers.push('Set-Cookie: a=b', 'X-Umlaut: \u00e4\u20ac');
    });
    wss.on('connection', (ws, req) => log('connection', req.url));
    wss.once('headers', (headers) => headers.splice(4, 1));

    log((await offer(t, port, 'foo')).response);
    log((await offer(t, port, 'foo')).response);
  },
  (log) => {
    assert.deepStrictEqual(log[0][1], [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      'Sec-WebSocket-Protocol: foo'
    ]);
    assert.match(log[2][0], /\r\nSet-Cookie: a=b\r\n/);
  }
);

contract(
  'a response of 100 kB of headers leaves before the first frame',
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);

    wss.on('headers', (headers) => headers.push(`X-Long: ${'x'.repeat(1e5)}`));
    wss.on('connection', (ws) => ws.send('first'));

    const client = await open(t, port);
    log(client.response.length, client.response.slice(-8));
    log(await client.read(7));
  },
  (log) => assert.deepStrictEqual(log[1], ['Buffer 81056669727374'])
);

contract(
  'the response leaves even if the connection is closed, ended or terminated at once',
  async ({ lib, log, t }) => {
    for (const act of [
      (ws) => ws.terminate(),
      (ws) => ws.close(),
      (ws) => ws.close(4000, 'no'),
      (ws) => ws._socket.end(),
      (ws) => {
        ws.send('last');
        ws.terminate();
      }
    ]) {
      const { wss, port } = await serve(t, lib);
      wss.on('connection', act);
      const client = await open(t, port);
      log(client.response);
      client.socket.end();
      log(await client.readToEnd());
    }
  },
  (log) => {
    assert.deepStrictEqual(log[1], ['Buffer ']);
    assert.deepStrictEqual(log[3], ['Buffer 8800']);
    assert.deepStrictEqual(log[9], ['Buffer 81046c617374']);
  }
);

contract(
  'an error thrown by handleProtocols or a headers listener reaches whoever called',
  async ({ lib, log, t }) => {
    const http = require('node:http');
    const { listen, connect } = require('../support/serve');
    const { request } = require('../support/raw-client');
    const fail = (text) => () => {
      throw new Error(text);
    };

    for (const [options, listener] of [
      [{ handleProtocols: fail('handleProtocols') }, () => {}],
      [{ verifyClient: fail('verifyClient') }, () => {}],
      [{}, fail('headers')]
    ]) {
      const wss = new lib.WebSocketServer({ noServer: true, ...options });
      wss.on('headers', listener);
      const server = http.createServer();
      const port = await listen(t, server);
      const client = await connect(t, port);
      client.send(request({ headers: { 'Sec-WebSocket-Protocol': 'x' } }));
      const [req, socket, head] = await once(server, 'upgrade');
      try {
        wss.handleUpgrade(req, socket, head, () => log('callback'));
      } catch (err) {
        log(err, wss.clients.size, socket.bytesWritten, socket.destroyed);
      }
      socket.destroy();
    }
  },
  (log) => assert.strictEqual(log.length, 3)
);
