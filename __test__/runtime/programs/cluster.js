'use strict';

// A cluster of two workers behind one port: LIBRARY POLICY. It prints the port when both listen,
// and each worker that has ended: how, and how many are left.

const cluster = require('node:cluster');

const [, , library, policy] = process.argv;

if (cluster.isPrimary) {
  cluster.schedulingPolicy =
    policy === 'none' ? cluster.SCHED_NONE : cluster.SCHED_RR;
  let listening = 0;

  cluster.on('listening', (worker, { port }) => {
    if (++listening === 2) console.log(JSON.stringify(port));
  });
  cluster.on('exit', (worker, code, signal) => {
    const left = Object.keys(cluster.workers).length;
    console.log(JSON.stringify({ code, left, signal }));
  });
  cluster.fork();
  cluster.fork();
} else {
  const { WebSocketServer } = require(library);
  const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const { id } = cluster.worker;

  wss.on('connection', (ws) => {
    ws.send(`worker ${id}`);
    ws.on('message', (data) => {
      switch (data.toString()) {
        case 'exit':
          ws.send('bye');
          return process.exit(3);
        case 'leave':
          for (const client of wss.clients) client.close(4000);
          return cluster.worker.disconnect();
        default:
          ws.send(`${id}: ${data}`);
      }
    });
  });
}
