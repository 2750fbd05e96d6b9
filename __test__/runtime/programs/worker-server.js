'use strict';

// A server in a worker. It posts its port; a client's message says how the worker ends.

const { parentPort, workerData } = require('node:worker_threads');

const { WebSocketServer } = require(workerData.library);

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
  parentPort.postMessage({ port: wss.address().port });
});

wss.on('connection', (ws) => {
  ws.on('error', () => {});
  ws.on('message', (data, isBinary) => {
    ws.send(data, { binary: isBinary });

    switch (data.toString()) {
      case 'exit':
        process.on('exit', () => ws.send('from exit'));
        return process.exit(3);
      case 'throw':
        throw new Error('thrown');
      case 'loop':
        parentPort.postMessage('looping');
        for (;;);
      case 'loop in a timer':
        return setTimeout(() => {
          ws.send('late');
          parentPort.postMessage('looping');
          for (;;);
        }, 1);
      case 'end':
        for (const client of wss.clients) client.close(4000);
        wss.close();
        parentPort.close();
    }
  });
});
parentPort.on('message', () => {});
