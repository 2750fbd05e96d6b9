'use strict';

// A server that sends more than its client takes, and whose callbacks throw when they get an error:
// LIBRARY. It prints its port, 'full' when callbacks are pending, and when the connection has
// died, which callbacks were called.

const { WebSocketServer } = require(process.argv[2]);

let caught = 0;
let errors = 0;
let sent = 0;
const order = [];

process.on('uncaughtException', (error) => {
  if (error.message === 'thrown') {
    caught++;
    return;
  }
  console.error(error);
  process.exit(2);
});

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
  console.log(JSON.stringify(wss.address().port));
});

wss.on('connection', (ws) => {
  const data = Buffer.alloc(1024 * 1024);
  const send = () => {
    const number = sent++;
    ws.send(data, (error) => {
      order.push(number);
      if (!error) return;
      errors++;
      throw new Error('thrown');
    });
  };

  // More than ten that do not fit into the kernel's buffers.
  do send();
  while (ws.bufferedAmount < 15 * data.length);
  for (let i = 0; i < 10; i++) ws.ping('x', () => {});
  console.log(JSON.stringify('full'));

  ws.on('close', () => {
    wss.close();
    setImmediate(() => {
      if (order.length !== sent) order.push('missing');
      console.log(JSON.stringify({ caught, errors, order }));
    });
  });
});
