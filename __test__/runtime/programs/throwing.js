'use strict';

// A server whose listeners throw: LIBRARY WHERE. It prints its port, and when its last connection
// has ended, what it saw. WHERE is the event whose listener throws, 'callback', 'deferred' for
// 'message' with `allowSynchronousEvents: false`, or 'fatal' for a process without a listener for
// 'uncaughtException'.

const [, , library, where] = process.argv;
const { WebSocketServer } = require(library);

const seen = {};
let thrown = 0;
let caught = 0;

/** Throws in about a third of its calls, each time in the same ones. */
function perhapsThrow(number) {
  if ((number * 2654435761) % 7 < 3) {
    thrown++;
    throw new Error('thrown');
  }
}

if (where !== 'fatal') {
  process.on('uncaughtException', (error) => {
    if (error.message === 'thrown') {
      caught++;
      return;
    }
    console.error(error);
    process.exit(2);
  });
}

const options = {
  allowSynchronousEvents: where !== 'deferred',
  host: '127.0.0.1',
  port: 0
};
const wss = new WebSocketServer(options, () => {
  console.log(JSON.stringify(wss.address().port));
});
const throws = where === 'deferred' ? 'message' : where;
let number = 0;
let open = 0;

/** Counts an event, has it answered, and perhaps throws. */
function on(ws, event, answer) {
  ws.on(event, (...args) => {
    seen[event] = (seen[event] ?? 0) + 1;
    if (answer) answer(...args);
    if (event === throws) perhapsThrow(number++);
  });
}

wss.on('connection', (ws) => {
  open++;
  on(ws, 'message', (data) => {
    ws.send(data, { binary: false }, () => {
      seen.callback = (seen.callback ?? 0) + 1;
      if (where === 'callback') perhapsThrow(number++);
    });
    if (where === 'fatal') throw new Error('thrown');
  });
  on(ws, 'ping');
  on(ws, 'pong');
  on(ws, 'error');
  on(ws, 'close', () => {
    if (--open !== 0) return;
    // All listeners have run then.
    setImmediate(() => {
      console.log(JSON.stringify({ caught, seen, thrown }));
      wss.close();
    });
  });
});
