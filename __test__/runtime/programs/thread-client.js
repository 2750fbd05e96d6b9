'use strict';

// The client of `ThreadClient`, in its worker.

const { once } = require('node:events');
const { parentPort, workerData } = require('node:worker_threads');

const { RawClient } = require('../../support/raw-client');

const { done, port } = workerData;

/** Sends what the other thread asks for, and tells it when the operating system has it. */
async function send(socket, { bytes, then }) {
  if (then === 'more') {
    socket.write(bytes);
  } else if (bytes.length !== 0) {
    await new Promise((resolve) => socket.write(bytes, resolve));
  }

  if (then === 'end') {
    socket.end();
    await once(socket, 'finish');
  } else if (then === 'reset') {
    socket.resetAndDestroy();
    await once(socket, 'close');
  }

  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
}

RawClient.open(port).then((client) => {
  parentPort.on('message', (order) => send(client.socket, order));
  parentPort.postMessage('open');
});
