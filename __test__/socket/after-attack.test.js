'use strict';

// What an attack on the finished code brought to light, each on ws too.

const assert = require('node:assert');

const { Child } = require('../support/child');
const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open, pair } = require('../support/serve');

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
