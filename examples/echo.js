'use strict';

const { WebSocketServer } = require('..');

const wss = new WebSocketServer({ port: Number(process.env.PORT ?? 8080) });

wss.on('listening', () => console.log(`ws://localhost:${wss.address().port}`));
wss.on('connection', (ws) => {
  ws.on('error', console.error);
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
});
