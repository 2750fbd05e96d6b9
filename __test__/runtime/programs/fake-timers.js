'use strict';

// A server in a process whose timers are fakes that never run: LIBRARY WHEN. WHEN is 'before' or
// 'after' the library is loaded. It prints its port.

const [, , library, when] = process.argv;

/** Puts fakes where programs look; Node.js itself needs none of these to read and write. */
function fake() {
  const never = () => ({ ref() {}, unref() {} });

  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
    globalThis[name] = never;
    require('node:timers')[name] = never;
  }
  for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) {
    globalThis[name] = () => {};
    require('node:timers')[name] = () => {};
  }
  globalThis.queueMicrotask = () => {};
  globalThis.performance.now = () => 0;
  Date.now = () => 0;
}

if (when === 'before') fake();
const { WebSocketServer } = require(library);
if (when === 'after') fake();

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
  console.log(JSON.stringify(wss.address().port));
});

wss.on('connection', (ws) => {
  ws.on('message', (data) => {
    ws.send('in a listener');
    Promise.resolve().then(() => {
      ws.send('in a promise', () => {
        ws.send('in a callback', () => ws.close(4000, data));
      });
    });
  });
  ws.on('close', () => wss.close());
});
