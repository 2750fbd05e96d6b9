'use strict';

const { once } = require('node:events');

const { RawClient } = require('./raw-client');

/**
 * Starts a server on a free port and connects a raw client to it. Both are closed when the test
 * has ended.
 *
 * @param {Object} scenario What `contract()` gives a scenario: `{ lib, t }`
 * @param {Object} [options]
 * @param {Object} [options.client] Options of `RawClient.open()`
 * @param {Function} [options.onConnection] Called with the server's `WebSocket` as soon as there
 *     is one: the place for its listeners
 * @param {Object} [options.server] Options of the server
 * @return {Promise<{client: RawClient, closed: Promise, ws: WebSocket, wss: WebSocketServer}>} The
 *     two ends; `closed` resolves after the listeners of `'close'`, whether or not there is an
 *     `'error'` before
 */
async function session({ lib, t }, { client: how, onConnection, server } = {}) {
  const wss = new lib.WebSocketServer({ port: 0, ...server });
  t.after(() => shut(wss));
  await once(wss, 'listening');

  const connected = new Promise((resolve) => {
    wss.once('connection', (ws) => {
      if (onConnection) onConnection(ws);
      const closed = new Promise((done) => ws.on('close', () => done()));
      resolve({ closed, ws });
    });
  });
  const client = await RawClient.open(wss.address().port, how);
  t.after(() => client.socket.destroy());

  return { client, wss, ...(await connected) };
}

/** Closes a server and its connections. */
function shut(wss) {
  for (const ws of wss.clients ?? []) ws.terminate();
  wss.close();
}

/**
 * Logs all events of a connection with their arguments, `'error'` and `'close'` with the state as
 * well.
 *
 * @param {WebSocket} ws The connection
 * @param {Function} log Takes the values to log
 */
function record(ws, log) {
  ws.on('message', (data, isBinary) => log('message', data, isBinary));
  ws.on('ping', (data) => log('ping', data));
  ws.on('pong', (data) => log('pong', data));
  ws.on('error', (error) => log('error', error, ws.readyState));
  ws.on('close', (code, reason) => log('close', code, reason, ws.readyState));
}

/**
 * Resolves when the server has seen all that a client sent before: a ping is answered.
 *
 * @param {RawClient} client The client; it has received nothing else that was not read
 */
async function roundTrip(client) {
  client.send('8984 00000000 62656163');
  const { first, payload } = await client.readFrame();

  if (first !== 0x8a || payload.toString() !== 'beac') {
    throw new Error(`Expected the pong, got ${first.toString(16)} ${payload}`);
  }
}

/**
 * Resolves after some turns of the event loop, in which whatever was due has happened.
 *
 * @param {Number} [count=10] How many turns
 */
async function turns(count = 10) {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

/**
 * Resolves when the server has read all that a client has sent.
 *
 * @param {RawClient} client The client
 * @param {WebSocket} ws The server's end
 */
async function swallowed(client, ws) {
  const { bytesWritten } = client.socket;
  while (ws._socket.bytesRead < bytesWritten) await turns(1);
}

module.exports = { record, roundTrip, session, shut, swallowed, turns };
