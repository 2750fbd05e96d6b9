'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const https = require('node:https');
const { suite } = require('node:test');
const tls = require('node:tls');

const { CLIENT, SERVER } = require('../support/certificates');
const { contract } = require('../support/contract');
const { RawServer } = require('../support/raw-server');
const { listen, serve } = require('../support/serve');
const { turns } = require('../support/session');
const { after, dial, follow } = require('./support');

/** A server over https that echoes: `{ port, wss }`. */
async function secure(t, lib, options) {
  const server = https.createServer({ ...SERVER, ...options });
  const wss = new lib.WebSocketServer({ server });
  t.after(() => wss.clients.forEach((ws) => ws.terminate()));
  wss.on('connection', (ws) => {
    ws.on('message', (data, binary) => ws.send(data, { binary }));
    ws.on('error', () => {});
  });
  const port = await listen(t, server);
  return { port, url: `wss://localhost:${port}/`, wss };
}

/** Dials, echoes one message, closes; resolves with the server's request. */
async function converse({ lib, log, t }, { url, wss }, options) {
  const connection = once(wss, 'connection');
  const ws = dial({ lib, t }, url, options);
  const closed = follow(ws, log);
  const [, req] = await connection;
  await after(ws, 'open');
  ws.send('hello');
  await after(ws, 'message');
  ws.close();
  await closed;
  return req;
}

suite('wss (WS-CONTRACT 29)', () => {
  contract('trusts a certificate by ca', async ({ lib, log, t }) => {
    const target = await secure(t, lib);
    await converse({ lib, log, t }, target, { ca: SERVER.cert });
  });

  contract(
    'does not trust one that is self-signed',
    async ({ lib, log, t }) => {
      const { url, wss } = await secure(t, lib);
      wss.on('connection', () => log('connection'));
      await follow(dial({ lib, t }, url), log);
      await follow(dial({ lib, t }, url, { rejectUnauthorized: true }), log);
    },
    (log) => assert.strictEqual(log[0][1].code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
  );

  contract('does, if it need not', async ({ lib, log, t }) => {
    const target = await secure(t, lib);
    await converse({ lib, log, t }, target, { rejectUnauthorized: false });
  });

  contract(
    'checks the name, unless checkServerIdentity does',
    async ({ lib, log, t }) => {
      const target = await secure(t, lib);
      const options = { ca: SERVER.cert, servername: 'wrong.test' };
      const ws = dial({ lib, t }, target.url, options);
      ws.on('error', ({ code }) => log(code, ws.readyState));
      await after(ws, 'close');
      await converse({ lib, log, t }, target, {
        ...options,
        checkServerIdentity(name) {
          log('name', name);
        }
      });
    },
    (log) => assert.deepStrictEqual(log[0], ['ERR_TLS_CERT_ALTNAME_INVALID', 2])
  );

  contract(
    'says the name of the server: the host, none for an address, or servername',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t, { secure: SERVER });

      for (const [host, options] of [
        ['localhost', {}],
        ['127.0.0.1', {}],
        ['localhost', { servername: 'other.test' }],
        ['127.0.0.1', { servername: 'other.test' }],
        ['localhost', { servername: '' }]
      ]) {
        const ws = dial({ lib, t }, `wss://${host}:${raw.port}`, {
          rejectUnauthorized: false,
          ...options
        });
        const closed = follow(ws, () => {});
        const { socket } = await raw.request();
        log(host, socket.servername);
        ws.terminate();
        await closed;
      }
    },
    (log) =>
      assert.deepStrictEqual(log, [
        ['localhost', 'localhost'],
        ['127.0.0.1', false],
        ['localhost', 'other.test'],
        ['127.0.0.1', 'other.test'],
        ['localhost', false]
      ])
  );

  contract(
    'shows a client certificate',
    async ({ lib, log, t }) => {
      const target = await secure(t, lib, {
        ca: CLIENT.cert,
        rejectUnauthorized: true,
        requestCert: true
      });
      const req = await converse({ lib, log, t }, target, {
        ...CLIENT,
        ca: SERVER.cert
      });
      log(req.socket.authorized);

      // TLS 1.3 tells the client after it thinks that all is well.
      const ws = dial({ lib, t }, target.url, { ca: SERVER.cert });
      ws.on('open', () => log('open'));
      ws.on('error', () => log('error', ws.readyState));
      await after(ws, 'close');
      log(ws.readyState);
    },
    (log) => assert.ok(log.some(([authorized]) => authorized === true))
  );

  contract('goes by an agent', async ({ lib, log, t }) => {
    const target = await secure(t, lib);
    const agent = new https.Agent({ ca: SERVER.cert, keepAlive: true });
    t.after(() => agent.destroy());
    // The client's own createConnection would hide the agent's options.
    const { createConnection } = agent;
    agent.createConnection = function (...args) {
      log('agent');
      return createConnection.apply(this, args);
    };
    const options = { agent, ca: SERVER.cert };
    await converse({ lib, log, t }, target, options);
    await converse({ lib, log, t }, target, options);
  });

  contract('knows its socket (WS-CONTRACT 27)', async ({ lib, log, t }) => {
    const { port, url } = await secure(t, lib);
    const ws = dial({ lib, t }, url, { ca: SERVER.cert });
    const closed = follow(ws, log);
    await after(ws, 'open');
    const { _socket: socket } = ws;
    log(socket instanceof tls.TLSSocket, socket.authorized, socket.encrypted);
    log(socket.getPeerCertificate().subject.CN, socket.getProtocol());
    log(socket.remotePort === port);
    ws.close();
    await closed;
    log(socket.destroyed);
  });

  contract(
    'carries messages of all sizes both ways',
    async ({ lib, log, t }) => {
      const { url } = await secure(t, lib);
      const ws = dial({ lib, t }, url, { ca: SERVER.cert });
      const closed = follow(ws, () => {});
      await after(ws, 'open');

      for (const size of [
        0, 1, 125, 126, 16383, 16385, 65535, 65536, 3000001
      ]) {
        const sent = Buffer.alloc(size, 'abcdefg');
        const done = once(ws, 'message');
        ws.send(sent, (error) => log('sent', size, error ?? null));
        const [received, isBinary] = await done;
        log(received.equals(sent), isBinary, ws.bufferedAmount);
      }
      ws.close(1000);
      await closed;
      log(ws.readyState);
    }
  );

  contract('ends with the server', async ({ lib, log, t }) => {
    for (const end of [
      ({ socket }) => socket.end(),
      ({ socket }) => socket.destroy(),
      (peer) => peer.send('8102 6869 8802 03e8'),
      (peer) => peer.send('8102 68')
    ]) {
      const raw = await RawServer.start(t, { secure: SERVER });
      const ws = dial({ lib, t }, `wss://localhost:${raw.port}`, {
        ca: SERVER.cert
      });
      const closed = follow(ws, log);
      const peer = await raw.upgrade();
      await after(ws, 'open');
      end(peer);
      await turns(5);
      if (!peer.socket.destroyed) peer.socket.end();
      await closed;
    }
  });

  contract('brings a message with the 101', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t, { secure: SERVER });
    const ws = dial({ lib, t }, `wss://localhost:${raw.port}`, {
      ca: SERVER.cert
    });
    const closed = follow(ws, log);
    await raw.upgrade({ behind: '8105 68656c6c6f 8900 8200 8802 03e8' });
    await closed;
  });

  contract('ends by terminate()', async ({ lib, log, t }) => {
    const { url, wss } = await secure(t, lib);
    const connection = once(wss, 'connection');
    const ws = dial({ lib, t }, url, { ca: SERVER.cert });
    const closed = follow(ws, log);
    const [peer] = await connection;
    await after(ws, 'open');
    ws.terminate();
    log(ws.readyState);
    await Promise.all([closed, after(peer, 'close')]);
  });
});

suite('the wrong protocol', () => {
  contract('wss to a plain server', async ({ lib, log, t }) => {
    const { port } = await serve(t, lib);
    const ws = dial({ lib, t }, `wss://127.0.0.1:${port}`);
    ws.on('error', ({ code }) => log(code, ws.readyState));
    await after(ws, 'close');
    log(ws.readyState);
  });

  contract('ws to a server of TLS', async ({ lib, log, t }) => {
    const { port } = await secure(t, lib);
    await follow(dial({ lib, t }, port), log);
  });
});
