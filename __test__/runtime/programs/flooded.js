'use strict';

// A server that only its timers can end while it is flooded: LIBRARY. It prints its port, and at
// the end how many messages and ticks there were.

const { WebSocketServer } = require(process.argv[2]);

const TICKS = 10;
const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
  console.log(JSON.stringify(wss.address().port));
});
let messages = 0;
let ticks = 0;
let timer = null;

/** Ends the flood when the timer has ticked often enough. */
function tick() {
  if (++ticks < TICKS) return;
  clearInterval(timer);
  for (const ws of wss.clients) ws.terminate();
  wss.close(() => console.log(JSON.stringify({ messages, ticks })));
}

wss.on('connection', (ws) => {
  ws.on('error', () => {});
  ws.on('message', () => {
    messages++;
    if (timer === null) timer = setInterval(tick, 5);
  });
});
