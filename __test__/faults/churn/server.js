'use strict';

// The server of the churn: LIBRARY. It prints its port; for each line that it reads, and when its stdin ends,
// it prints what it has seen.

const fs = require('node:fs');
const { createInterface } = require('node:readline');

const { payloadOf, pings, reasonOf, wayOf } = require('./token');
const { Witness, serverMayBeTold } = require('./witness');

const { WebSocketServer } = require(process.argv[2]);

const seen = {
  bytes: 0,
  closed: 0,
  connections: 0,
  descriptors: 0,
  foreign: [],
  frames: 0,
  lateSends: 0,
  messages: 0,
  unexplained: []
};

/** Connections that have ended, to be sent on when others have their descriptors. */
const ended = [];
const KEPT = 64;

const wss = new WebSocketServer(
  { host: '127.0.0.1', perMessageDeflate: true, port: 0, backlog: 1024 },
  () => console.log(JSON.stringify(wss.address().port))
);

wss.on('connection', (ws, req) => {
  const number = Number(req.url.slice(1));
  const way = wayOf(number);

  seen.connections++;
  if (seen.connections % 1000 === 0) sample();
  // Someone who has gone sends now, and the descriptor may be this one's.
  if (ended.length >= KEPT) haunt(ended.shift());
  // Whoever looks at its socket keeps that.
  if (number % 3 === 0) ws._socket.setNoDelay(true);

  new Witness(number, serverMayBeTold(number), seen).watch(ws);
  ws.on('message', () => {
    seen.messages++;
    ws.send(payloadOf(number));
    if (way === 'reset with bytes under way') {
      ws.send(payloadOf(number, 300_000));
    } else if (way === 'closed by the server') {
      ws.close(1000, reasonOf(number));
    } else if (way === 'terminated by the server') {
      ws.terminate();
      sendLate(ws, number);
    }
  });
  ws.on('close', () => {
    seen.closed++;
    sendLate(ws, number);
    ended.push({ number, ws });
  });
  if (pings(number)) ws.ping(reasonOf(number));
  ws.send(payloadOf(number));
});

// A request that is none: foreign bytes have come before it, or into it.
wss.on('wsClientError', (error, socket) => {
  seen.unexplained.push([null, 'of the server', error.message]);
  socket.destroy();
});
wss._server.on('clientError', (error, socket) => {
  if (error.code !== 'ECONNRESET') {
    seen.unexplained.push([null, 'of the server', error.message]);
  }
  socket.destroy();
});

/** Sends on a connection that has ended, in all manners. */
function sendLate(ws, number) {
  seen.lateSends++;
  ws.send(payloadOf(number), () => {});
  ws.ping(reasonOf(number), undefined, () => {});
  ws.close();
  if (number % 3 === 0) {
    ws._socket.on('error', () => {});
    ws._socket.write(payloadOf(number));
  }
}

function haunt({ number, ws }) {
  sendLate(ws, number);
  ws.terminate();
  ws._socket?.end();
  ws._socket?.destroy();
}

/** Notes the highest descriptor: it stays low only if descriptors are used again. */
function sample() {
  const open = fs.readdirSync('/proc/self/fd').map(Number);
  seen.descriptors = Math.max(seen.descriptors, ...open);
}

createInterface({ input: process.stdin })
  .on('line', () => console.log(JSON.stringify(seen)))
  .on('close', finish);

function finish() {
  if (wss.clients.size !== 0) {
    setImmediate(finish);
    return;
  }
  wss.close();
  const open = fs.readdirSync('/proc/self/fd').length;
  console.log(JSON.stringify({ ...seen, open }));
}
