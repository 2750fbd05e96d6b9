'use strict';

// The server of a soak: what a user would write, and it checks all that it receives.

const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');

const { WebSocketServer } = require('..');
const child = require('./child');
const { Incoming } = require('./incoming');
const { body, KIND, make } = require('./message');
const { errorOf } = require('./misbehaviours');
const { sabotages } = require('./sabotage');
const { Tally } = require('./tally');

const MAX_PAYLOAD = 2 * 1024 * 1024;
/** Closes the connection at once; the reason is how many messages were sent on it. */
const KICKED = 4001;
/** A client that leaves; the reason is how many messages it has sent. */
const LEFT = 4000;

const tally = new Tally();
const rooms = new Map();
const counts = { connections: 0, messages: 0, bytes: 0, callbacks: 0 };
const closes = {};
let sabotage = (send) => send;

const wss = new WebSocketServer({
  maxPayload: MAX_PAYLOAD,
  noServer: true,
  perMessageDeflate: { threshold: 256, releaseAfter: 5000 }
});

function certificate(name) {
  const folder = path.join(__dirname, '..', '__test__', 'support');
  return fs.readFileSync(path.join(folder, 'certificates', name));
}

/** Starts, and returns the ports of both servers. */
async function listen({ sabotaged }) {
  if (sabotaged) sabotage = sabotages[sabotaged];
  const key = certificate('server-key.pem');
  const cert = certificate('server-cert.pem');
  const servers = [http.createServer(), https.createServer({ cert, key })];

  for (const server of servers) {
    server.on('upgrade', (request, socket, head) => {
      wss.handleUpgrade(request, socket, head, accept);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return servers.map((server) => server.address().port);
}

function accept(ws, request) {
  const { pathname, searchParams } = new URL(request.url, 'ws://localhost');
  const [, kind, name] = pathname.split('/');

  counts.connections++;
  ws.sent = 0;
  if (kind === 'talk') serve(ws, pathname, searchParams.get('room'));
  else serve(ws, pathname, null, errorOf(name));
}

/**
 * @param {WebSocket} ws A new connection
 * @param {String} name What is said of it
 * @param {(String|null)} roomName The name of its room
 * @param {(String|null)} [expected] The code of the error that it will cause
 */
function serve(ws, name, roomName, expected = null) {
  const incoming = new Incoming(tally, `server, ${name}`);
  const room = roomName === null ? null : enter(ws, roomName);
  const answer = sabotage((data, options) => send(ws, data, options));
  let code = null;

  ws.on('message', (data, isBinary) => {
    counts.messages++;
    counts.bytes += data.length;
    const { kind, number } = incoming.take(data);
    incoming.sequence.arrived(number);

    if (kind === KIND.ECHO) answer(data, { binary: isBinary });
    else if (kind === KIND.BROADCAST) broadcast(room, data, isBinary);
    else if (kind === KIND.KICK) ws.close(KICKED, String(ws.sent));
  });
  ws.on('error', (error) => {
    if (code !== null) tally.add('unexpected', `${name}: a second 'error'`);
    code = error.code ?? error.message;
  });
  ws.on('close', (status, reason) => {
    closes[status] = (closes[status] ?? 0) + 1;
    room?.members.delete(ws);
    incoming.ended(status === LEFT ? Number(reason) : undefined);
    if (code !== expected) {
      tally.add('unexpected', `${name}: ${code} instead of ${expected}`);
    }
  });
}

function send(ws, data, options) {
  if (ws.readyState !== ws.OPEN) return;
  ws.sent++;
  counts.messages++;
  counts.bytes += data.length;
  counts.callbacks++;
  ws.send(data, options, () => counts.callbacks--);
}

function enter(ws, name) {
  if (!rooms.has(name)) rooms.set(name, { members: new Set(), next: 0 });
  const room = rooms.get(name);

  room.members.add(ws);
  send(ws, make(KIND.WELCOME, room.next, body(0)), { binary: true });
  return room;
}

function broadcast(room, data, binary) {
  const message = make(KIND.ROOM, room.next++, data);
  for (const member of room.members) send(member, message, { binary });
}

child.serve({ listen }, () => ({
  ...counts,
  open: wss.clients.size,
  closes,
  tally
}));
