'use strict';

// A server whose listener burns as many milliseconds as the message says: LIBRARY.

const { WebSocketServer } = require(process.argv[2]);

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
  console.log(JSON.stringify(wss.address().port));
});

wss.on('connection', (ws) => {
  ws.on('message', (data) => {
    const end = performance.now() + Number(data);
    while (performance.now() < end);
    ws.send(data);
  });
});
