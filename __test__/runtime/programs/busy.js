'use strict';

// A server whose listeners are busy until the replies before theirs have arrived: LIBRARY. Its
// clients are on a thread of their own. It prints how many replies did not arrive while listeners of
// the same batch ran, which it waits for PATIENCE milliseconds each.

const { Worker, isMainThread, workerData } = require('node:worker_threads');

const CLIENTS = 40;
const PATIENCE = 5000;

/** What both threads see: how many clients have sent, and how many replies have come. */
const SENT = 0;
const REPLIES = 1;

/** Blocks this thread until a number is reached. Returns whether it was. */
function wait(counters, index, least, patience) {
  const end = Date.now() + patience;

  for (;;) {
    const value = Atomics.load(counters, index);
    if (value >= least) return true;
    if (Date.now() > end) return false;
    Atomics.wait(counters, index, value, 100);
  }
}

/** The server. */
function serve() {
  const { WebSocketServer } = require(process.argv[2]);

  const counters = new Int32Array(new SharedArrayBuffer(8));
  const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
    const { port } = wss.address();
    new Worker(__filename, { workerData: { counters, port } });
  });
  let calls = 0;
  let missing = 0;

  wss.on('connection', (ws) => {
    ws.on('message', (data) => {
      // Behind the first message all others arrive: they are one batch.
      if (calls === 0) wait(counters, SENT, CLIENTS, Infinity);
      // Several may leave together: on streams, writing takes at most a quarter of the time.
      const least = calls++ - CLIENTS / 2;

      // Longer than what is sent may wait.
      const end = performance.now() + 2;
      while (performance.now() < end);

      if (missing === 0 && !wait(counters, REPLIES, least, PATIENCE)) missing++;
      ws.send(data);
      if (calls !== CLIENTS) return;

      console.log(JSON.stringify({ missing }));
      for (const client of wss.clients) client.terminate();
      wss.close();
    });
  });
}

/** The clients. */
async function connect() {
  const { frame, RawClient } = require('../../support/raw-client');

  const { counters, port } = workerData;
  const add = (index) => {
    Atomics.add(counters, index, 1);
    Atomics.notify(counters, index);
  };
  const clients = [];

  for (let i = 0; i < CLIENTS; i++) clients.push(await RawClient.open(port));

  for (const client of clients) {
    client.socket.write(frame(0x81, 'busy'), () => add(SENT));
    client.readFrame().then(
      () => add(REPLIES),
      () => {}
    );
  }
}

if (isMainThread) serve();
else connect();
