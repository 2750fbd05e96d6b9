'use strict';

// A server whose listener burns some milliseconds for each message: LIBRARY MILLISECONDS.

const [, , library, milliseconds] = process.argv;
const { WebSocketServer } = require(library);

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
  console.log(JSON.stringify(wss.address().port));
});

wss.on('connection', (ws) => {
  ws.on('message', (data) => {
    const end = performance.now() + Number(milliseconds);
    while (performance.now() < end);
    ws.send(data);
  });
});
