'use strict';

// Workers that end while their server is busy: LIBRARY. For each it prints how it was ended, and that
// its clients have noticed.

const { once } = require('node:events');
const {
  Worker,
  isMainThread,
  parentPort,
  workerData
} = require('node:worker_threads');

const library = isMainThread ? process.argv[2] : workerData.library;
const WebSocket = require(library);

async function main() {
  for (const how of ['terminate()', 'process.exit()', 'throw']) {
    const worker = new Worker(__filename, { workerData: { how, library } });
    const errors = [];
    worker.on('error', (error) => errors.push(error.message));
    // Not once(), which an 'error' ends.
    const exit = new Promise((resolve) => worker.on('exit', resolve));

    const [port] = await once(worker, 'message');
    const ws = new WebSocket(`ws://127.0.0.1:${port}`);
    const closed = once(ws, 'close');
    ws.on('error', () => {});
    // Twice as many each time, until the worker has enough to do.
    let left = 1000;
    ws.on('message', () => {
      for (let i = 0; i < 2 && left > 0; i++, left--) ws.send('more');
    });
    await once(ws, 'open');
    ws.send('first');
    await once(ws, 'message');

    if (how === 'terminate()') worker.terminate();
    else ws.send('end');
    await exit;
    await closed;
    console.log(JSON.stringify([how, errors]));
  }
}

function serve() {
  const wss = new WebSocket.WebSocketServer({ host: '127.0.0.1', port: 0 });

  wss.on('listening', () => parentPort.postMessage(wss.address().port));
  wss.on('connection', (ws) => {
    ws.on('message', (data) => {
      if (data.toString() !== 'end') ws.send(data);
      else if (workerData.how === 'throw') throw new Error('thrown');
      else process.exit(3);
    });
  });
}

if (isMainThread) main();
else serve();
