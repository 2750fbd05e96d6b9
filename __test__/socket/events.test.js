'use strict';

const assert = require('node:assert');
const { once } = require('node:events');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { pair } = require('../support/serve');

/** The events of an emitter, each with its arguments, in their order; and the end of it. */
function record(emitter, names) {
  const events = [];
  for (const name of names) {
    emitter.on(name, (...args) => events.push([name, ...args]));
  }
  const closed = new Promise((resolve) => emitter.on('close', resolve));
  return { events, closed };
}

const SOCKET_EVENTS = ['end', 'finish', 'error', 'close'];

const ENDS = {
  'FIN of the peer': ({ client }) => client.socket.end(),
  'RST of the peer': ({ client }) => client.reset(),
  'a close frame of the peer': async ({ client }) => {
    client.send(frame(0x88));
    await client.readToFin();
    client.socket.end();
  },
  'close()': async ({ client, ws }) => {
    ws.close();
    await client.readFrame();
    client.send(frame(0x88));
    await client.readToFin();
    client.socket.end();
  },
  'a protocol error': async ({ client }) => {
    client.send(frame(0x83));
    await client.readToFin();
    client.socket.end();
  },
  'terminate()': ({ ws }) => ws.terminate(),
  '_socket.destroy()': ({ ws }) => ws._socket.destroy(),
  '_socket.end()': async ({ ws, client }) => {
    ws._socket.end();
    await client.readToFin();
    client.socket.end();
  }
};

// What the two emitters do relative to each other is not compared: what Node.js's streams put off
// to the next tick comes after the batch (DESIGN section 8).
for (const [how, end] of Object.entries(ENDS)) {
  contract(
    `${how}: the socket emits what it emits under ws, in order (WS-CONTRACT 27)`,
    async ({ lib, log, t }) => {
      const both = await pair(t, lib);
      const { ws, client } = both;
      const socket = record(ws._socket, SOCKET_EVENTS);
      const websocket = record(ws, ['error', 'close']);

      client.socket.allowHalfOpen = true;
      client.readToFin = () => once(client.socket, 'end');
      await end(both);
      await Promise.all([socket.closed, websocket.closed]);
      log(socket.events);
      log(websocket.events, ws._socket.destroyed);
    },
    ([[events]]) => {
      assert.strictEqual(events.filter(([name]) => name === 'close').length, 1);
    }
  );
}

contract(
  "destroy(err) emits 'error' on the socket, and only 'close' 1006 on ws (WS-CONTRACT 21)",
  async ({ lib, log, t }) => {
    const { ws } = await pair(t, lib);
    const socket = record(ws._socket, SOCKET_EVENTS);
    const websocket = record(ws, ['error', 'close']);

    ws._socket.destroy(new Error('mine'));
    await Promise.all([socket.closed, websocket.closed]);
    log(socket.events);
    log(websocket.events);
  },
  ([[events]]) => assert.strictEqual(events[0][0], 'error')
);

contract(
  'destroy(err) without a listener of the user throws nothing (WS-CONTRACT 21)',
  async ({ lib, log, t }) => {
    const { ws } = await pair(t, lib);
    const closed = once(ws, 'close');

    ws._socket.destroy(new Error('mine'));
    log(...(await closed));
  }
);

contract(
  'listeners added by once() and prependListener(), and removed, are those of a socket',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    const removed = () => log('removed');

    socket.once('close', () => log('once'));
    socket.addListener('close', () => log('addListener'));
    socket.prependListener('close', () => log('prependListener'));
    socket.prependOnceListener('close', () => log('prependOnceListener'));
    socket.on('close', removed);
    socket.off('close', removed);
    const closed = once(ws, 'close');
    await client.close();
    await closed;
  },
  (log) => assert.strictEqual(log.length, 4)
);

contract(
  'pause(), resume() and isPaused() of the socket stop and continue its reading (WS-CONTRACT 27)',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;

    ws.on('message', (data) => log('message', data));
    log(socket.isPaused());
    log(socket.pause() === socket, socket.isPaused(), ws.isPaused);
    client.send(frame(0x81, 'one'));
    // A round trip over another connection of the same turn, some turns long.
    const other = await pair(t, lib);
    for (let i = 0; i < 3; i++) {
      other.client.send(frame(0x89));
      await other.client.readFrame();
    }
    log('resume');
    const message = once(ws, 'message');
    log(socket.resume() === socket, socket.isPaused());
    await message;
  },
  (log) => {
    assert.deepStrictEqual(log[1], [true, true, false]);
    assert.deepStrictEqual(log.at(-1), ['message', 'Buffer 6f6e65']);
  }
);

contract(
  'ws.pause() and ws.resume() show in the isPaused() of the socket (WS-CONTRACT 18, 27)',
  async ({ lib, log, t }) => {
    const { ws } = await pair(t, lib);

    ws.pause();
    log(ws.isPaused, ws._socket.isPaused());
    ws.resume();
    log(ws.isPaused, ws._socket.isPaused());
  },
  (log) => assert.deepStrictEqual(log[0], [true, true])
);

contract(
  'a socket paused by itself goes on by ws.resume()',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);

    ws._socket.pause();
    ws.resume();
    client.send(frame(0x81, 'x'));
    log(await once(ws, 'message'), ws._socket.isPaused());
  }
);

contract(
  "writableLength is what waits, and 'drain' tells when nothing does (WS-CONTRACT 27)",
  async ({ lib, log, t }) => {
    const SIZE = 16 * 1024 * 1024;
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    const drained = once(socket, 'drain');
    let received = 0;

    client.socket.removeAllListeners('data');
    client.socket.pause();
    log(socket.writableLength, ws.bufferedAmount);
    ws.send(Buffer.alloc(SIZE));
    log(socket.writableLength > 0, socket.writableLength <= SIZE + 10);
    log(socket.writableLength === ws.bufferedAmount, socket.writableNeedDrain);
    client.socket.on('data', (chunk) => (received += chunk.length));
    client.socket.resume();
    await drained;
    log(socket.writableLength, ws.bufferedAmount, socket.writableNeedDrain);
    while (received < SIZE + 10) await once(client.socket, 'data');
    log(received);
  },
  (log) => {
    assert.deepStrictEqual(log[1], [true, true]);
    assert.deepStrictEqual(log[3], [0, 0, false]);
  }
);

contract(
  "'drain' comes after a raw write() that returned false",
  async ({ lib, log, t }) => {
    const SIZE = 16 * 1024 * 1024;
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    let received = 0;

    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk) => (received += chunk.length));
    client.socket.pause();
    log(
      socket.write(Buffer.alloc(SIZE), (err) => log('written', Boolean(err)))
    );
    const drained = once(socket, 'drain');
    client.socket.resume();
    await drained;
    log(socket.writableLength);
    while (received < SIZE) await once(client.socket, 'data');
  },
  (log) => assert.deepStrictEqual(log[0], [false])
);
