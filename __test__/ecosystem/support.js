'use strict';

// What the tests of packages share.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { createRequire } = require('node:module');
const path = require('node:path');

const WebSocket = require('../..');

const PACKAGES = path.join(__dirname, 'node_modules');

/**
 * Fails unless `require('ws')` gives Ferrows where a package's files are.
 *
 * @param {String} name The package
 */
function assertUsesFerrows(name) {
  const from = createRequire(path.join(PACKAGES, name, 'package.json'));

  assert.equal(from.resolve('ws'), require.resolve('../..'));
  assert.equal(from('ws'), WebSocket);
}

/**
 * Counts the connections that Ferrows opens during a test, so that a test sees that it was
 * Ferrows's sockets that the package used.
 *
 * @param {TestContext} t The test
 * @return {{clients: WebSocket[], servers: WebSocket[]}} What was opened so far, on both sides
 */
function watch(t) {
  const opened = { clients: [], servers: [] };
  const { setSocket } = WebSocket.prototype;

  t.mock.method(WebSocket.prototype, 'setSocket', function (...args) {
    opened[this._isServer ? 'servers' : 'clients'].push(this);
    return Reflect.apply(setSocket, this, args);
  });

  return opened;
}

/**
 * Has a server of Node.js listen; it ends with the test.
 *
 * @param {TestContext} t The test
 * @param {http.Server} server The server
 * @return {Promise<Number>} Its port
 */
async function listen(t, server) {
  server.listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return server.address().port;
}

/**
 * Opens a client of Ferrows; it ends with the test.
 *
 * @return {Promise<WebSocket>} The client; `ws.next()` resolves with its next message as a string
 */
async function open(t, address, protocols, options) {
  const ws = new WebSocket(address, protocols, options);
  const messages = queue();

  ws.on('message', (data) => messages.push(data.toString()));
  ws.next = messages.next;
  t.after(() => ws.terminate());
  await once(ws, 'open');
  return ws;
}

/** A queue: `next()` resolves with the first value that was pushed and not taken. */
function queue() {
  const values = [];
  const waiting = [];

  return {
    push(value) {
      if (waiting.length === 0) values.push(value);
      else waiting.shift()(value);
    },
    next: () =>
      new Promise((resolve) => {
        if (values.length === 0) waiting.push(resolve);
        else resolve(values.shift());
      })
  };
}

/** Resolves when a condition holds, which is looked at in every turn of the event loop. */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

module.exports = {
  assertUsesFerrows,
  listen,
  open,
  PACKAGES,
  queue,
  until,
  watch,
  WebSocket
};
