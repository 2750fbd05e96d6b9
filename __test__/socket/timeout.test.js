'use strict';

const assert = require('node:assert');
const { once } = require('node:events');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { pair } = require('../support/serve');

contract(
  "setTimeout() emits 'timeout' on a connection without activity, which stays open (WS-CONTRACT 27)",
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    const called = new Promise((resolve) => {
      socket.setTimeout(20, function (...args) {
        log('callback', args, this === socket);
        resolve();
      });
    });

    log(socket.timeout, socket.listenerCount('timeout'));
    await called;
    log(socket.listenerCount('timeout'), socket.destroyed, ws.readyState);
    client.send(frame(0x81, 'alive'));
    log(await once(ws, 'message'));
  },
  (log) => assert.deepStrictEqual(log[1], ['callback', [], true])
);

contract(
  "setTimeout(): 'timeout' comes again after more activity",
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;

    socket.setTimeout(20);
    for (let i = 0; i < 3; i++) {
      await once(socket, 'timeout');
      log('timeout', i);
      client.send(frame(0x81, 'x'));
      await once(ws, 'message');
    }
  }
);

for (const [what, act] of [
  [
    'what is received',
    async ({ ws, client }) => {
      client.send(frame(0x81, 'x'));
      await once(ws, 'message');
    }
  ],
  [
    'what is sent',
    async ({ ws, client }) => {
      ws.send('x');
      await client.readFrame();
    }
  ]
]) {
  contract(
    `setTimeout(): ${what} is activity, after which the whole time runs again (WS-CONTRACT 27)`,
    async ({ lib, log, t }) => {
      const TIMEOUT = 200;
      const both = await pair(t, lib);
      const socket = both.ws._socket;
      // When the last activity began that was over before the timeout came.
      let last = performance.now();
      let over = false;
      const timeout = once(socket, 'timeout').then(() => {
        over = true;
        return performance.now() - last;
      });
      socket.setTimeout(TIMEOUT);

      // Activity for longer than the time of one timeout, unless the machine is too slow for it.
      const start = last;
      while (!over && performance.now() - start < TIMEOUT * 2.5) {
        const begun = performance.now();
        await act(both);
        if (!over) last = begun;
        await new Promise((resolve) => setTimeout(resolve, TIMEOUT / 10));
      }

      // A timer does not go off early; by a millisecond it may, as clocks are rounded.
      log((await timeout) >= TIMEOUT * 0.9);
    },
    (log) => assert.deepStrictEqual(log, [[true]])
  );
}

contract(
  'setTimeout(0) turns it off, and so does the upgrade for what was set before',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    socket.on('timeout', () => log('timeout'));

    log(socket.timeout);
    socket.setTimeout(10);
    socket.setTimeout(0);
    // A timer that began later and takes longer has gone off.
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.send(frame(0x81, 'x'));
    await once(ws, 'message');
    log(socket.timeout);
  },
  (log) => assert.deepStrictEqual(log, [[0], [0]])
);

contract(
  'setTimeout(msecs, ws.terminate) ends an idle connection, and no timeout comes after the end',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;

    socket.on('timeout', () => log('timeout'));
    socket.setTimeout(20, () => ws.terminate());
    const [code] = await once(ws, 'close');
    log(code, await client.readToEnd());
    await new Promise((resolve) => setTimeout(resolve, 50));
  },
  (log) => assert.deepStrictEqual(log, [['timeout'], [1006, 'Buffer ']])
);

contract('setTimeout() throws what it throws', async ({ lib, log, t }) => {
  const { ws } = await pair(t, lib);

  for (const args of [['x'], [-1], [10, 'x']]) {
    try {
      ws._socket.setTimeout(...args);
      log('no error');
    } catch (err) {
      log(err);
    }
  }
  ws.terminate();
});
