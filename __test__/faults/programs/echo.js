'use strict';

// Echoes messages, as a server or as a client: LIBRARY ROLE [PORT]. A server prints its port. For each connection
// that ends, it prints the events of its end; for each line, how many messages it has received.

const { createInterface } = require('node:readline');

const [, , library, role, port] = process.argv;
const { WebSocket, WebSocketServer } = require(library);

let received = 0;

const say = (value) => console.log(JSON.stringify(value));

function echo(ws) {
  const events = [];

  ws.on('message', (data, binary) => {
    received++;
    ws.send(data, { binary }, (error) => {
      if (error) events.push(['not sent', error.code ?? error.message]);
    });
  });
  ws.on('error', (error) => events.push(['error', error.message]));
  ws.on('close', (code) => say([...events, ['close', code]]));
}

if (role === 'server') {
  const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () =>
    say(wss.address().port)
  );
  wss.on('connection', echo);
} else {
  echo(new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false }));
}

createInterface({ input: process.stdin })
  .on('line', () => say(received))
  .on('close', () => process.exit());
