'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const { suite, test } = require('node:test');
const tls = require('node:tls');

const { contract, libraries } = require('../support/contract');
const { listen } = require('../support/serve');
const { record, turns } = require('../support/session');
const { certificate, serveTls, tlsSession } = require('./support');

const MIB = 1024 * 1024;

/** Resolves when a `WebSocket` is closed. */
function closed(ws) {
  return ws.readyState === ws.CLOSED ? undefined : once(ws, 'close');
}

suite('Over TLS', () => {
  contract(
    'messages, pings and the closing handshake go both ways',
    async ({ lib, log, t }) => {
      const { peer, ws } = await tlsSession({ lib, t });
      const entries = { peer: [], ws: [] };
      record(peer, (...values) => entries.peer.push(values));
      record(ws, (...values) => entries.ws.push(values));
      ws.on('message', (data, binary) => ws.send(data, { binary }));
      peer.send('text');
      peer.send(Buffer.from([0, 1, 2]));
      peer.ping('p');
      const ponged = once(peer, 'pong');
      await ponged;
      peer.close(3001, 'bye');
      await Promise.all([closed(peer), closed(ws)]);
      for (const [name, list] of Object.entries(entries)) {
        for (const entry of list) log(name, ...entry);
      }
    }
  );

  contract(
    'the request, and the socket behind it, are those of TLS',
    async ({ lib, log, t }) => {
      let request;
      const { peer, ws } = await tlsSession(
        { lib, t },
        { onConnection: (_, req) => (request = req) }
      );
      log(
        request.socket.encrypted,
        ws._socket === request.socket,
        ws._socket instanceof tls.TLSSocket,
        ws._socket.getProtocol(),
        ws._socket.remotePort === peer._socket.localPort
      );
    }
  );

  for (const size of [MIB, 20 * MIB]) {
    contract(
      `a message of ${size / MIB} MB goes both ways, whole`,
      async ({ lib, log, t }) => {
        const { peer, ws } = await tlsSession({ lib, t });
        const data = Buffer.alloc(size);
        for (let i = 0; i < size; i += 97) data[i] = i;
        ws.on('message', (message, binary) =>
          ws.send(message, { binary }, (error) => log('sent', error))
        );
        peer.send(data);
        const [message, isBinary] = await once(peer, 'message');
        log(message.equals(data), isBinary);
        peer.send('x'.repeat(size));
        const [text, textIsBinary] = await once(peer, 'message');
        log(
          text.length,
          text.every((byte) => byte === 0x78),
          textIsBinary
        );
        log(peer.bufferedAmount, ws.bufferedAmount);
      },
      (log) => assert.ok(log.some(([equal]) => equal === true))
    );
  }

  contract(
    'a peer that does not read is noticed, and reads all later',
    async ({ lib, log, t }) => {
      const { peer, ws } = await tlsSession({ lib, t });
      let bytes = 0;
      peer.pause();
      const done = new Promise((resolve) => {
        peer.on('message', (data) => {
          bytes += data.length;
          if (bytes === 32 * MIB) resolve();
        });
      });
      for (let i = 0; i < 32; i++) ws.send(Buffer.alloc(MIB));
      await turns(50);
      log(ws.bufferedAmount > 0, bytes);
      peer.resume();
      await done;
      await turns();
      log(ws.bufferedAmount, bytes);
    }
  );

  for (const how of ['terminate', 'destroy', 'end', 'close']) {
    contract(
      `${how} right after connecting, with messages on their way`,
      async ({ lib, log, t }) => {
        const { peer, ws } = await tlsSession(
          { lib, t },
          {
            onConnection(ws) {
              ws.send('first');
              ws.send('s'.repeat(20_000));
              if (how === 'terminate' || how === 'close') ws[how]();
              else ws._socket[how]();
            }
          }
        );
        const [code] = await new Promise((resolve) =>
          peer.readyState === peer.CLOSED
            ? resolve([peer._closeCode])
            : peer.on('close', (...args) => resolve(args))
        );
        await closed(ws);
        log(code, peer.readyState, ws.readyState);
      }
    );
  }

  for (const how of ['terminate', 'destroy']) {
    contract(
      `${how} while sends are being written: their callbacks get an error, but the first`,
      async ({ lib, log, t }) => {
        const { peer, ws } = await tlsSession({ lib, t });

        for (const [name, end] of Object.entries({ peer, ws })) {
          const entries = [];
          const ended = closed(end);
          const send = (size) =>
            end.send(Buffer.alloc(size), (error) =>
              entries.push([size, Boolean(error), end.readyState])
            );

          for (const size of [1, 2, 3, 20_000, 4]) send(size);
          if (how === 'terminate') end.terminate();
          else end._socket.destroy();
          await ended;
          await turns();
          log(name, entries);
          if (name === 'peer') await closed(ws);
        }
      },
      ([[, entries]]) => assert.strictEqual(entries.length, 5)
    );
  }

  test('many connections at once, each with its own echo', async (t) => {
    const lib = libraries.ferrows;
    const { port, wss } = await serveTls({ lib, t });
    wss.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
    const peers = Array.from(
      { length: 60 },
      () =>
        new lib.WebSocket(`wss://127.0.0.1:${port}`, {
          rejectUnauthorized: false
        })
    );
    t.after(() => peers.forEach((peer) => peer.terminate()));

    await Promise.all(
      peers.map(async (peer, i) => {
        await once(peer, 'open');
        for (let n = 0; n < 20; n++) {
          const text = `${i}/${n}/`.padEnd(n * 500, 'x');
          peer.send(text);
          const [data] = await once(peer, 'message');
          assert.strictEqual(String(data), text);
        }
        peer.close();
        await closed(peer);
      })
    );
    while (wss.clients.size !== 0) await turns(1);
  });

  contract(
    "a tls.Server's raw sockets are served through an http.Server",
    async ({ lib, log, t }) => {
      const server = http.createServer();
      const secure = tls.createServer(certificate(), (socket) =>
        server.emit('connection', socket)
      );
      const wss = new lib.WebSocketServer({ server });
      const port = await listen(t, secure);
      wss.on('connection', (ws, req) => {
        log(req.socket instanceof tls.TLSSocket);
        ws.on('message', (data) => ws.send(data, () => ws.close(1000)));
      });
      const peer = new lib.WebSocket(`wss://127.0.0.1:${port}`, {
        rejectUnauthorized: false
      });
      peer.on('open', () => peer.send('raw tls'));
      record(peer, log);
      await once(peer, 'close');
    }
  );
});
