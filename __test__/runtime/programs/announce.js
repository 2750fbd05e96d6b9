'use strict';

// announce.js <library> <how>: when a client says so, a message goes to all, and in the next
// iteration of the event loop
//
//   send        another one; some connections are terminated right behind it, the others in the
//               iteration after that
//   exit        the process exits

const [library, how] = process.argv.slice(2);
const { WebSocketServer } = require(library);

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () =>
  console.log(wss.address().port)
);

const next = {
  send() {
    const clients = [...wss.clients];

    clients.forEach((ws, number) => {
      ws.send('b');
      if (number % 7 === 0) ws.terminate();
    });
    setImmediate(() => clients.forEach((ws) => ws.terminate()));
    wss.close();
  },
  exit() {
    process.exit();
  }
};

wss.on('connection', (ws) => {
  ws.on('message', () => {
    for (const client of wss.clients) client.send('a');
    setImmediate(next[how]);
  });
});
