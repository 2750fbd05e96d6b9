'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { contract } = require('../support/contract');
const { Child } = require('../support/child');
const { frame } = require('../support/raw-client');
const { open } = require('../support/serve');

// Ferrows holds the upgraded socket weakly while nobody can miss it (DESIGN section 3). That one
// was collected shows that the others had their chance to be.

/** Opens connections with these paths, one after the other. */
async function openAll(t, port, paths) {
  const clients = [];
  for (const path of paths) clients.push(await open(t, port, { path }));
  return clients;
}

test('a socket that nobody looks at is collected, and its connection goes on', async (t) => {
  const child = new Child(
    t,
    'ferrows',
    ({ lib, say }) => {
      const wss = new lib.WebSocketServer({ port: 0, host: '127.0.0.1' });
      wss.on('listening', () => say(wss.address().port));
      wss.on('connection', (ws, req) => {
        const husk = new WeakRef(req.socket);
        const { remotePort } = req.socket;
        ws.on('message', (data) => {
          const socket = ws._socket;
          say([
            socket === ws._socket,
            socket.remoteAddress,
            socket.remotePort === remotePort,
            socket.destroyed,
            socket.bytesRead > 100
          ]);
          ws.send(data);
        });
        ws.on('close', (code) => {
          say(['close', code]);
          wss.close();
        });
        const look = setInterval(() => {
          globalThis.gc();
          if (husk.deref() !== undefined) return;
          clearInterval(look);
          say('collected');
        }, 100);
      });
    },
    ['--expose-gc']
  );
  const client = await open(t, await child.next());

  assert.strictEqual(await child.next(), 'collected');
  client.send(frame(0x81, 'still'));
  assert.deepStrictEqual(await child.next(), [
    true,
    '127.0.0.1',
    true,
    false,
    true
  ]);
  assert.strictEqual(String((await client.readFrame()).payload), 'still');
  client.socket.end();
  assert.deepStrictEqual(await child.next(), ['close', 1006]);
  assert.strictEqual(await child.end(), 0);
});

test('a socket that somebody can miss is not collected (WS-CONTRACT 27)', async (t) => {
  const child = new Child(
    t,
    'ferrows',
    ({ lib, say }) => {
      const wss = new lib.WebSocketServer({ port: 0, host: '127.0.0.1' });
      const sockets = new Map();
      const acts = {
        '/property': (ws, req) => (req.socket.user = { id: 7 }),
        '/symbol': (ws, req) => (req.socket[Symbol.for('user')] = 8),
        '/listener': (ws, req) => req.socket.on('close', () => say('closed')),
        '/once': (ws, req) => req.socket.once('end', () => say('ended')),
        '/late': (ws, req) => setImmediate(() => req.socket.on('x', () => {})),
        '/timer': (ws, req) => req.socket.setTimeout(1e6),
        '/read': (ws) => ws._socket,
        '/nothing': () => {}
      };
      wss.on('listening', () => say(wss.address().port));
      wss.on('connection', (ws, req) => {
        sockets.set(req.url, { ws, husk: new WeakRef(req.socket) });
        acts[req.url](ws, req);
        if (req.url !== '/nothing') return;

        const look = setInterval(() => {
          globalThis.gc();
          if (sockets.get('/nothing').husk.deref() !== undefined) return;
          clearInterval(look);
          const here = [...sockets.keys()].filter(
            (url) => sockets.get(url).husk.deref() !== undefined
          );
          say(here);
          say([
            sockets.get('/property').ws._socket.user,
            sockets.get('/symbol').ws._socket[Symbol.for('user')]
          ]);
          wss.close();
        }, 100);
      });
    },
    ['--expose-gc']
  );
  const held = '/property /symbol /listener /once /late /timer /read';
  const paths = held.split(' ');
  const port = await child.next();
  const clients = await openAll(t, port, [...paths, '/nothing']);

  assert.deepStrictEqual(await child.next(), paths);
  assert.deepStrictEqual(await child.next(), [{ id: 7 }, 8]);
  for (const client of clients) client.socket.end();
  assert.deepStrictEqual([await child.next(), await child.next()].sort(), [
    'closed',
    'ended'
  ]);
  assert.strictEqual(await child.end(), 0);
});

contract(
  'properties put on the socket are there after garbage collection (WS-CONTRACT 27)',
  async ({ name, log, t }) => {
    const child = new Child(
      t,
      name,
      ({ lib, say }) => {
        const wss = new lib.WebSocketServer({ port: 0, host: '127.0.0.1' });
        wss.on('listening', () => say(wss.address().port));
        wss.on('connection', (ws, req) => {
          req.socket.user = { id: 7 };
          let rounds = 0;
          // Longer than Ferrows holds a socket for its 'connection' listeners.
          const look = setInterval(() => {
            globalThis.gc();
            if (++rounds < 30) return;
            clearInterval(look);
            say(ws._socket.user);
            wss.close();
          }, 100);
        });
      },
      ['--expose-gc']
    );
    const client = await open(t, await child.next());
    log(await child.next());
    client.socket.end();
    log(await child.end());
  },
  (log) => assert.deepStrictEqual(log, [[{ id: 7 }], [0]])
);

contract(
  '300 collected sockets leave getConnections() at 0, and server.close() calls back',
  async ({ name, log, t }) => {
    const COUNT = 300;
    const child = new Child(
      t,
      name,
      ({ lib, name, say }) => {
        const COUNT = 300;
        const server = require('http').createServer();
        const wss = new lib.WebSocketServer({ server });
        const husks = [];
        const count = () =>
          new Promise((resolve) =>
            server.getConnections((err, count) => resolve(count))
          );
        const closed = new Promise((resolve) => {
          let left = COUNT;
          wss.on('connection', (ws, req) => {
            husks.push(new WeakRef(req.socket));
            ws.on('close', () => --left === 0 && resolve());
            if (husks.length === COUNT) all();
          });
        });

        async function all() {
          say(['open', await count()]);
          // Under ws, which holds them, there is nothing to wait for.
          const isHeld = () => husks.some((husk) => husk.deref() !== undefined);
          while (name === 'ferrows' && isHeld()) {
            await new Promise((resolve) => setTimeout(resolve, 100));
            globalThis.gc();
          }
          say(husks.filter((husk) => husk.deref() === undefined).length);
          say(['still', await count()]);
          await closed;
          // The count of the last goes down a turn or two later.
          while ((await count()) !== 0) await new Promise(setImmediate);
          say(['none', await count()]);
          server.close((err) => say(['callback', err ?? null]));
        }

        server.listen(0, '127.0.0.1', () => say(server.address().port));
      },
      ['--expose-gc']
    );
    const port = await child.next();
    const clients = await openAll(t, port, Array(COUNT).fill('/'));

    log(await child.next());
    const collected = await child.next();
    if (name === 'ferrows') assert.strictEqual(collected, COUNT);
    log(await child.next());
    for (const client of clients) client.socket.end();
    log(await child.next());
    log(await child.next());
    log(await child.end());
  },
  (log) => {
    assert.deepStrictEqual(log, [
      [['open', 300]],
      [['still', 300]],
      [['none', 0]],
      [['callback', null]],
      [0]
    ]);
  }
);
