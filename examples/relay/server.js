'use strict';

// The relay demo: one http server carries the page and, on /relay, its
// WebSockets. See README.md one directory up.
//
//   server.js    listening, who may connect, stopping
//   static.js    the files of public/
//   room.js      who is connected and what is relayed to whom
//   messages.js  what clients may say, parsed and checked
//   bucket.js    how much of it per second

const http = require('node:http');
const path = require('node:path');

const { WebSocketServer } = require('../..');
const { MAX_PICTURE_BYTES } = require('./messages');
const Room = require('./room');
const serveStatic = require('./static');

const HOST = process.env.HOST || '127.0.0.1';
const PORT = parsePort(process.env.PORT, 8080);
const MAX_CLIENTS = 64;
const STOP_TIMEOUT_MS = 2000;

const server = http.createServer(serveStatic(path.join(__dirname, 'public')));
const wss = new WebSocketServer({
  server,
  path: '/relay',
  maxPayload: MAX_PICTURE_BYTES,
  verifyClient
});
const room = new Room();

wss.on('connection', (ws, req) => {
  const { searchParams } = new URL(req.url, 'http://relay.invalid');
  room.join(ws, searchParams.get('name') ?? '');
});

// The WebSocketServer re-emits the errors of the http server it is given.
wss.on('error', (err) => {
  console.error(`Cannot listen on port ${PORT}: ${err.message}`);
  process.exit(1);
});

server.listen(PORT, HOST, () => {
  const everywhere = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(HOST);
  const host = everywhere ? 'localhost' : HOST;
  console.log(`http://${host}:${server.address().port}`);
});

process.on('SIGINT', stop);
process.on('SIGTERM', stop);

/**
 * Lets in pages of this very server, and programs, which send no `Origin`. Any
 * page of the web could otherwise dial localhost and watch.
 */
function verifyClient({ origin, req }, answer) {
  if (origin && !isSameOrigin(origin, req.headers.host)) {
    answer(false, 403, 'Pages of another origin may not connect');
  } else if (wss.clients.size >= MAX_CLIENTS) {
    answer(false, 503, 'The room is full');
  } else {
    answer(true);
  }
}

function isSameOrigin(origin, host) {
  try {
    return new URL(origin).host === new URL(`http://${host}`).host;
  } catch {
    return false;
  }
}

function parsePort(text, fallback) {
  if (!text) return fallback;

  const port = Number(text);

  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    console.error(`PORT must be a number from 0 to 65535, not "${text}"`);
    process.exit(1);
  }

  return port;
}

let stopping = false;

/** The process ends by itself once nothing is open; a second signal is rude. */
function stop() {
  if (stopping) process.exit(1);
  stopping = true;

  room.close();
  wss.close();
  server.close();
  server.closeIdleConnections();

  for (const ws of wss.clients) ws.close(1001, 'The server is stopping');

  setTimeout(() => {
    for (const ws of wss.clients) ws.terminate();
    server.closeAllConnections();
  }, STOP_TIMEOUT_MS).unref();
}
