'use strict';

const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { Duplex } = require('node:stream');

const { KEY } = require('../support/raw-client');
const { response } = require('../support/raw-server');
const { listen } = require('../support/serve');

const CERTIFICATES = path.join(__dirname, '../support/certificates');

/** The key and the certificate of a TLS server. */
function certificate() {
  return {
    cert: fs.readFileSync(path.join(CERTIFICATES, 'server-cert.pem')),
    key: fs.readFileSync(path.join(CERTIFICATES, 'server-key.pem'))
  };
}

/**
 * One end of a pair of streams in memory: what is written to the one is read from the other.
 */
class MemoryStream extends Duplex {
  constructor(options) {
    super(options);
    this.peer = null;
    /** Every chunk that it was given to write. */
    this.written = [];
    /** Called with the callback of each write, which it has to call. */
    this.onWritten = (callback) => callback();
  }

  _read() {}

  _write(chunk, encoding, callback) {
    this.written.push(chunk);
    process.nextTick(push, this.peer, chunk);
    this.onWritten(callback);
  }

  _final(callback) {
    process.nextTick(push, this.peer, null);
    callback();
  }
}

function push(stream, chunk) {
  if (!stream.destroyed) stream.push(chunk);
}

/**
 * Makes a pair of streams.
 *
 * @param {Object} [options] Options of the first stream
 * @param {Function} [Class=MemoryStream] Its class
 * @return {Duplex[]} The two
 */
function memoryPair(options, Class = MemoryStream) {
  const near = new Class(options);
  const far = new MemoryStream();
  near.peer = far;
  far.peer = near;
  return [near, far];
}

/** What an upgrade request looks like to `handleUpgrade()`. */
function upgradeRequest(socket) {
  return {
    headers: {
      upgrade: 'websocket',
      'sec-websocket-key': KEY,
      'sec-websocket-version': '13'
    },
    method: 'GET',
    socket,
    url: '/'
  };
}

/**
 * Upgrades a stream.
 *
 * @param {Object} scenario `{ lib, t }`
 * @param {Duplex} stream The stream
 * @param {Object} [options]
 * @param {Buffer} [options.head] What was read behind the request
 * @param {Function} [options.onConnection] Called with the `WebSocket` at once
 * @param {Object} [options.server] Options of the server
 * @return {Object} `ws`, `wss`, and `closed`, which resolves after `'close'`
 */
function upgrade({ lib, t }, stream, { head, onConnection, server } = {}) {
  const wss = new lib.WebSocketServer({ noServer: true, ...server });
  let ws;

  wss.handleUpgrade(
    upgradeRequest(stream),
    stream,
    head ?? Buffer.alloc(0),
    (websocket) => {
      ws = websocket;
      if (onConnection) onConnection(ws);
    }
  );
  t.after(() => stream.destroy());

  const closed = new Promise((resolve) => ws.on('close', () => resolve()));
  return { closed, ws, wss };
}

/**
 * Upgrades one end of a pair in memory. The other end has read the head of the response.
 *
 * @return {Promise<Object>} What `upgrade()` returns; `near`, the stream, and `far`, its peer;
 *     `received()`, all that the peer got since
 */
async function memorySession(scenario, { Class, stream, ...options } = {}) {
  const [near, far] = memoryPair(stream, Class);
  const chunks = [];
  const both = upgrade(scenario, near, options);
  scenario.t.after(() => far.destroy());
  far.on('data', (chunk) => chunks.push(chunk));
  far.on('error', () => {});
  far.on('end', () => far.end());

  const all = () => Buffer.concat(chunks);
  while (!all().includes('\r\n\r\n')) await new Promise(setImmediate);
  const start = all().indexOf('\r\n\r\n') + 4;

  return {
    ...both,
    far,
    near,
    received: () => all().subarray(start)
  };
}

/**
 * Dials over one end of a pair in memory.
 *
 * @return {Object} `ws`; `near`, the stream, and `far`, its peer; `received()`, all that the peer
 *     got; `requested`, which resolves with the head of the request
 */
function memoryDial({ lib, t }, { Class, client, stream } = {}) {
  const [near, far] = memoryPair(stream, Class);
  const chunks = [];
  const received = () => Buffer.concat(chunks);

  t.after(() => [near, far].forEach((end) => end.destroy()));
  far.on('error', () => {});
  far.on('end', () => far.end());

  const requested = new Promise((resolve) => {
    far.on('data', (chunk) => {
      chunks.push(chunk);
      if (received().includes('\r\n\r\n')) resolve(received().toString());
    });
  });
  const ws = new lib.WebSocket('ws://localhost/', {
    createConnection: () => near,
    perMessageDeflate: false,
    ...client
  });

  return { far, near, received, requested, ws };
}

/**
 * A client on one end of a pair in memory, whose request was answered.
 *
 * @return {Promise<Object>} What `memoryDial()` returns; `closed`, which resolves after `'close'`;
 *     `received()` without the request
 */
async function memoryClient(scenario, options) {
  const dialled = memoryDial(scenario, options);
  const { far, received, requested, ws } = dialled;
  const closed = new Promise((resolve) => ws.on('close', () => resolve()));
  const request = await requested;

  far.write(response(request));
  await once(ws, 'open');
  return {
    ...dialled,
    closed,
    received: () => received().subarray(request.length)
  };
}

/**
 * Starts a server over TLS.
 *
 * @return {Promise<{port: Number, server: https.Server, wss: WebSocketServer}>} The server
 */
async function serveTls({ lib, t }, options) {
  const server = https.createServer(certificate());
  const wss = new lib.WebSocketServer({ server, ...options });

  t.after(() => {
    for (const ws of wss.clients) ws.terminate();
  });
  return { port: await listen(t, server), server, wss };
}

/** Connects a client of the same library over TLS; resolves with both ends. */
async function tlsSession(scenario, { client, onConnection, server } = {}) {
  const { port, wss } = await serveTls(scenario, server);
  const connected = new Promise((resolve) => {
    wss.once('connection', (ws, req) => {
      if (onConnection) onConnection(ws, req);
      resolve(ws);
    });
  });
  const peer = new scenario.lib.WebSocket(`wss://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    ...client
  });

  scenario.t.after(() => peer.terminate());
  await once(peer, 'open');
  return { peer, port, ws: await connected, wss };
}

/** A plain http server for upgrades by hand; resolves with it and its port. */
async function serveHttp(t, onUpgrade) {
  const server = http.createServer();
  server.on('upgrade', onUpgrade);
  return { port: await listen(t, server), server };
}

module.exports = {
  certificate,
  memoryClient,
  memoryDial,
  memoryPair,
  memorySession,
  MemoryStream,
  serveHttp,
  serveTls,
  tlsSession,
  upgrade,
  upgradeRequest
};
