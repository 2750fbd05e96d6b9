'use strict';

// Peers whose process stands still (SIGSTOP): the operating system takes bytes for them until it has no more room,
// and nothing comes back. To a connection that is what a vanished peer is, too.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const { suite } = require('node:test');

const { dial } = require('../client/support');
const { Child } = require('../support/child');
const { contract } = require('../support/contract');
const { serve } = require('../support/serve');
const { turns } = require('../support/session');

const HEALTHY = 10;
const MEBIBYTE = Buffer.alloc(1024 * 1024);

/** A peer in a process of its own that echoes, as a client or as a server; it says how it ends. */
function peerProgram({ lib, port, role, say }) {
  const follow = (ws) => {
    ws.on('message', (data) => {
      if (data.length < 100) ws.send(data);
    });
    ws.on('close', (code) => say(['close', code]));
  };

  if (role === 'client') {
    follow(new lib(`ws://127.0.0.1:${port}`, { perMessageDeflate: false }));
    return;
  }
  const wss = new lib.WebSocketServer({ host: '127.0.0.1', port: 0 }, () =>
    say(wss.address().port)
  );
  wss.on('connection', follow);
}

function startPeer(t, role, port = null) {
  const given = JSON.stringify({ port, role });
  return new Child(
    t,
    'ws',
    `(given) => (${peerProgram})({ ...given, ...${given} })`
  );
}

/** Resolves with a server's connections to peers, of which the first is in a process of its own. */
async function asServer(scenario) {
  const { port, wss } = await serve(scenario.t, scenario.lib);
  const first = once(wss, 'connection');
  const child = startPeer(scenario.t, 'client', port);
  const sockets = [(await first)[0]];

  for (let i = 0; i < HEALTHY; i++) {
    const next = once(wss, 'connection');
    const client = dial(scenario, port);
    client.on('message', (data) => client.send(data));
    sockets.push((await next)[0]);
  }
  return { child, sockets };
}

/** The same of clients. */
async function asClient(scenario) {
  const child = startPeer(scenario.t, 'server');
  const sockets = [dial(scenario, await child.next())];
  const { port, wss } = await serve(scenario.t, scenario.lib);

  wss.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
  for (let i = 0; i < HEALTHY; i++) sockets.push(dial(scenario, port));
  await Promise.all(sockets.map((ws) => once(ws, 'open')));
  return { child, sockets };
}

/**
 * One beat of a heartbeat as ws's README has it: terminates who has not answered the last ping, and pings. Resolves
 * when all have answered who can.
 */
async function beat(sockets, stopped) {
  const pongs = [];

  for (const ws of sockets) {
    if (ws.readyState !== ws.OPEN) continue;
    if (ws.isAlive === false) {
      ws.terminate();
      continue;
    }
    ws.isAlive = false;
    if (ws !== stopped) pongs.push(once(ws, 'pong'));
    ws.ping();
  }
  await Promise.all(pongs);
}

function openDescriptors() {
  return fs.readdirSync('/proc/self/fd').length;
}

/** Sends until the kernel takes no more, and then some. */
async function fill(ws) {
  const results = [];
  let count = 0;

  while (ws.bufferedAmount === 0) {
    count++;
    ws.send(MEBIBYTE, (error) => results.push(Boolean(error)));
    await turns(1);
  }
  for (let i = 0; i < 8; i++) {
    count++;
    ws.send(MEBIBYTE, (error) => results.push(Boolean(error)));
  }
  return { count: () => count, results };
}

for (const [role, open] of Object.entries({
  client: asClient,
  server: asServer
})) {
  suite(`A ${role} whose peer has stopped`, () => {
    contract(
      'and takes nothing: the heartbeat terminates it, all that waits is given back, and others are served',
      async (scenario) => {
        const { log } = scenario;
        const { child, sockets } = await open(scenario);
        const [stopped, ...healthy] = sockets;
        const before = openDescriptors();
        const closed = once(stopped, 'close');

        for (const ws of sockets) {
          ws.on('pong', () => (ws.isAlive = true));
          ws.on('error', (error) => log('error', error));
        }
        await beat(sockets);
        log(sockets.every((ws) => ws.isAlive));

        child.process.kill('SIGSTOP');
        const { count, results } = await fill(stopped);
        log(stopped.bufferedAmount >= 8 * MEBIBYTE.length, stopped.readyState);

        // They know nothing of it.
        for (const ws of healthy) ws.send('hello');
        await Promise.all(healthy.map((ws) => once(ws, 'message')));

        await beat(sockets, stopped);
        log(stopped.isAlive, stopped.readyState);
        await beat(sockets, stopped);
        const [code] = await closed;
        await turns();
        log('close', code, stopped.bufferedAmount, stopped.readyState);
        log(count() === results.length, results.at(-1));
        log(openDescriptors() - before);
        log(healthy.every((ws) => ws.readyState === ws.OPEN));

        // When it wakes up, it sees the end.
        child.process.kill('SIGCONT');
        log(await child.next());
      },
      (log) => {
        assert.deepStrictEqual(log, [
          [true],
          [true, 1],
          [false, 1],
          ['close', 1006, 0, 3],
          [true, true],
          [-1],
          [true],
          [['close', 1006]]
        ]);
      }
    );

    contract(
      "and is killed then: 'close' 1006 comes by itself, once, with all callbacks",
      async (scenario) => {
        const { log } = scenario;
        const { child, sockets } = await open(scenario);
        const [stopped] = sockets;
        const closed = new Promise((resolve) => {
          stopped.on('close', (code) => resolve(log('close', code)));
        });

        stopped.on('error', (error) => log('error', error));
        child.process.kill('SIGSTOP');
        const { count, results } = await fill(stopped);
        child.process.kill('SIGKILL');
        await closed;
        await turns();
        log(count() === results.length, results.at(-1), stopped.bufferedAmount);
      },
      (log) =>
        assert.deepStrictEqual(log, [
          ['close', 1006],
          [true, true, 0]
        ])
    );
  });
}
