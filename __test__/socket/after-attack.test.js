'use strict';

// What an attack on the finished code brought to light, each on ws too.

const assert = require('node:assert');
const { once } = require('node:events');

const { Child } = require('../support/child');
const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open, pair, serve } = require('../support/serve');
const { record, turns } = require('../support/session');
const { ThreadClient } = require('../runtime/support');

/** A server's `WebSocket`, and a client that can send while this thread does nothing. */
async function threadPair(t, lib) {
  const { port, wss } = await serve(t, lib);
  const connected = once(wss, 'connection');
  const client = await ThreadClient.open(t, port);
  const [ws] = await connected;
  return { client, ws };
}

contract(
  'a listener that transfers the memory of its message harms no later message',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);

    ws.on('message', (data) => {
      const text = data.toString();

      try {
        structuredClone(data.buffer, { transfer: [data.buffer] });
      } catch {
        // Memory that messages share may refuse it.
      }
      ws.send(text);
    });

    for (const text of ['one', 'two', 'three']) {
      client.send(frame(0x81, text));
      log((await client.readFrame()).payload.toString());
    }
  },
  (log) => assert.deepStrictEqual(log, [['one'], ['two'], ['three']])
);

contract(
  "the last connection's 'close' comes before the process ends, when a timer terminates it",
  async ({ name, log, t }) => {
    const child = new Child(t, name, ({ lib, say }) => {
      const wss = new lib.WebSocketServer({ host: '127.0.0.1', port: 0 });

      wss.on('listening', () => say(wss.address().port));
      wss.on('connection', (ws) => {
        ws.on('close', (code) => say(['close', code]));
        wss.close();
        setTimeout(() => ws.terminate(), 1);
      });
    });

    await open(t, await child.next());
    log(await child.next());
    log(await child.end());
  },
  (log) => assert.deepStrictEqual(log, [[['close', 1006]], [0]])
);

contract(
  "'close' comes although the connection is paused right after a write has failed",
  async ({ lib, log, t }) => {
    const { client, ws } = await threadPair(t, lib);
    const closed = new Promise((resolve) => ws.on('close', resolve));

    record(ws, log);
    client.send(Buffer.alloc(0), 'reset');
    ws.send('written to nobody', (error) => log('sent', Boolean(error)));
    // It is written now, and fails.
    log('buffered', ws.bufferedAmount >= 0);
    ws.pause();
    await closed;
  },
  (log) => {
    assert.deepStrictEqual(log.at(-1), ['close', 1006, 'Buffer ', 3]);
    assert.deepStrictEqual(log[1], ['sent', true]);
  }
);

contract(
  'messages that came before a reset to a paused connection are delivered, at the latest when it is resumed',
  async ({ lib, log, t }) => {
    const { client, ws } = await threadPair(t, lib);
    const closed = new Promise((resolve) => ws.on('close', resolve));
    const texts = ['one', 'two', 'three'].map((text) => frame(0x81, text));
    // The last one is not complete.
    const half = frame(0x81, 'half').subarray(0, 8);

    record(ws, log);
    ws.pause();
    client.send(Buffer.concat([...texts, half]), 'reset');
    // With ws nothing comes yet. Ferrows has no other memory for it than the kernel's.
    await turns();
    ws.resume();
    await closed;
  },
  (log) =>
    assert.deepStrictEqual(log, [
      ['message', 'Buffer 6f6e65', false],
      ['message', 'Buffer 74776f', false],
      ['message', 'Buffer 7468726565', false],
      ['close', 1006, 'Buffer ', 3]
    ])
);
