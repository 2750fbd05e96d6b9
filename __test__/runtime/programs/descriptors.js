'use strict';

// An echo server whose process may have few descriptors: LIBRARY. It prints its port, and prints
// how many clients it has for each line that it reads.

const { createInterface } = require('node:readline');

const { WebSocketServer } = require(process.argv[2]);

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
  console.log(JSON.stringify(wss.address().port));
});

wss.on('connection', (ws) => {
  ws.on('message', (data) => ws.send(data, { binary: false }));
});
createInterface({ input: process.stdin })
  .on('line', () => console.log(JSON.stringify(wss.clients.size)))
  .on('close', () => {
    for (const ws of wss.clients) ws.terminate();
    wss.close();
  });
