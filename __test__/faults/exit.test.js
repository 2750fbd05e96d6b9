'use strict';

// process.exit() where it is not expected; what was sent before is looked at by runtime/last-words.

const assert = require('node:assert');
const { suite } = require('node:test');

const { Child } = require('../support/child');
const { contract } = require('../support/contract');

suite('process.exit() in a listener', () => {
  for (const event of [
    'connection',
    'message',
    'ping',
    'pong',
    'error',
    'close',
    'a callback of send()',
    "'close' of the server"
  ]) {
    contract(
      `of ${event}: the process ends with its code, among busy connections`,
      async ({ log, name, t }) => {
        const body = `(given) =>
          (${exiting})({ ...given, event: ${JSON.stringify(event)} })`;
        const child = new Child(t, name, body);
        log(await child.end(), child.stderr);
      },
      (log) => assert.deepStrictEqual(log, [[7, '']])
    );
  }
});

/** A process whose server and clients talk, until one listener ends it. */
function exiting({ event, lib, support }) {
  const { RawClient, frame } = support('raw-client');
  const exit = () => process.exit(7);
  const wss = new lib.WebSocketServer({ port: 0 });
  let open = 0;

  wss.on('connection', (ws) => {
    ws.on('message', (data) => ws.send(data));
    ws.on('error', () => {});
    if (++open < 10) return;
    if (event === 'connection') exit();
    if (/^[a-z]+$/.test(event)) ws.on(event, exit);
    if (event.includes('callback')) ws.send('x', exit);
    if (event.includes('server')) {
      wss.on('close', exit);
      wss.close();
      for (const client of wss.clients) client.terminate();
    }
  });
  wss.on('listening', async () => {
    const { port } = wss.address();
    const bytes = [0x81, 0x89, 0x8a].map((first) => frame(first, 'hello'));

    for (let i = 0; i < 10; i++) {
      const client = await RawClient.open(port);
      const timer = setInterval(() => {
        client.send(Buffer.concat(bytes));
        if (i === 9 && event === 'error') client.send('820161');
        if (i === 9 && event === 'close') client.reset();
      }, 1);
      client.socket.on('close', () => clearInterval(timer));
    }
  });
}
