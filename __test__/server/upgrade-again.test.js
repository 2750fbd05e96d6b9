'use strict';

// What an attack found: sockets that are upgraded while they are being upgraded, or that were paused
// or ended before.

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame, request } = require('../support/raw-client');
const { connect, listen, open } = require('../support/serve');

/** A server whose upgrades are handled by `onUpgrade(wss, req, socket, head)`; returns its port. */
async function upgrading(t, wss, onUpgrade) {
  const server = http.createServer();

  server.on('upgrade', (...args) => onUpgrade(...args));
  t.after(() => wss.clients.forEach((ws) => ws.terminate()));
  return listen(t, server);
}

suite('handleUpgrade() called again inside of itself (Ferrows only)', () => {
  for (const where of ['handleProtocols', 'headers']) {
    test(`in ${where} throws, and the first connection works and leaves its place (bug: it hung)`, async (t) => {
      const errors = [];
      let isInside = false;
      const again = (req) => {
        if (isInside) return;
        isInside = true;
        wss.handleUpgrade(req, req.socket, Buffer.alloc(0), (ws) => {
          ws.on('message', (data) => ws.send(`echo ${data}`));
        });
      };
      const wss = new libraries.ferrows.WebSocketServer({
        handleProtocols(protocols, req) {
          if (where === 'handleProtocols') again(req);
          return false;
        },
        maxConnections: 2,
        noServer: true
      });
      if (where === 'headers') wss.on('headers', (_, req) => again(req));
      const port = await upgrading(t, wss, (req, socket, head) => {
        try {
          wss.handleUpgrade(req, socket, head, () => {});
        } catch (error) {
          errors.push(error.message);
        }
      });

      const headers = { 'Sec-WebSocket-Protocol': 'a' };
      const client = await open(t, port, { headers });
      client.send(frame(0x81, 'x'));
      assert.strictEqual(
        (await client.readFrame()).payload.toString(),
        'echo x'
      );
      assert.match(errors.join(), /^server\.handleUpgrade\(\) was called more/);

      // There is one place left.
      await open(t, port);
      const [ws] = wss.clients;
      const closed = once(ws, 'close');
      client.send(frame(0x88, Buffer.from('0fa0', 'hex')));
      assert.deepStrictEqual((await closed)[0], 4000);
    });
  }
});

contract(
  'a socket that was paused before the upgrade is read when it is resumed (bug: messages came before listeners)',
  async ({ lib, log, t }) => {
    const wss = new lib.WebSocketServer({ noServer: true });
    const upgraded = new Promise((resolve) => {
      upgrading(t, wss, (req, socket, head) => {
        socket.pause();
        wss.handleUpgrade(req, socket, head, (ws) => resolve(ws));
      }).then(async (port) => {
        const client = await connect(t, port);
        client.send(
          Buffer.concat([Buffer.from(request()), frame(0x81, 'head')])
        );
        client.send(frame(0x81, 'more'));
      }, resolve);
    });
    const ws = await upgraded;

    log(ws.isPaused, ws._socket.isPaused());
    let when = 'early';
    let count = 0;
    const messages = new Promise((resolve) => {
      ws.on('message', (data) => {
        log(when, data);
        if (++count === 2) resolve();
      });
    });
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);

    when = 'resumed';
    ws.resume();
    await messages;
  },
  (log) => assert.deepStrictEqual(log[1], ['resumed', 'Buffer 68656164'])
);

contract(
  "a socket that a 'headers' listener ends is a connection that fails (bug: it was open)",
  async ({ lib, log, t }) => {
    const wss = new lib.WebSocketServer({ noServer: true });
    const closed = new Promise((resolve) => {
      wss.on('headers', (_, req) => req.socket.end());
      upgrading(t, wss, (req, socket, head) => {
        wss.handleUpgrade(req, socket, head, (ws) => {
          ws.on('close', (code) => resolve(code));
          ws.send('x', (error) => {
            log('callback', error);
            ws.terminate();
          });
        });
      }).then(async (port) => (await connect(t, port)).send(request()));
    });

    log(await closed);
  },
  (log) => assert.strictEqual(log[0][1].message, 'write after end')
);
