'use strict';

// An echo server for many connections: LIBRARY. It prints its port and how many descriptors are open. At a line it
// writes to all connections until they have ended, and prints how.

const fs = require('node:fs');
const { createInterface } = require('node:readline');

const { WebSocketServer } = require(process.argv[2]);

const say = (value) => console.log(JSON.stringify(value));
const openNow = () => fs.readdirSync('/proc/self/fd').length;
const codes = {};
let errors = 0;

const wss = new WebSocketServer(
  { backlog: 4096, host: '127.0.0.1', port: 0 },
  () => say({ open: openNow(), port: wss.address().port })
);

wss.on('connection', (ws) => {
  ws.on('message', (data) => ws.send(data));
  ws.on('error', () => errors++);
  ws.on('close', (code) => {
    codes[code] = (codes[code] ?? 0) + 1;
  });
});

function broadcast() {
  if (wss.clients.size === 0) {
    // Descriptors are closed after that.
    setImmediate(() => say({ codes, errors, open: openNow() }));
    return;
  }
  for (const ws of wss.clients) {
    if (ws.bufferedAmount === 0) ws.send('hello');
  }
  setImmediate(broadcast);
}

createInterface({ input: process.stdin })
  .on('line', broadcast)
  .on('close', () => wss.close());
