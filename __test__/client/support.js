'use strict';

const { once } = require('node:events');

const { medium } = require('../support/medium');

/** How a client is made in contract tests: compression has tests of its own (deflate/). */
const PLAIN = { perMessageDeflate: false };

/**
 * Makes a client, which is terminated with the test.
 *
 * @param {Object} scenario What `contract()` gives a scenario: `{ lib, t }`
 * @param {(String|URL|Number)} address Where to; a number is a port on the loopback
 * @param {...*} args The other arguments of the constructor, options at the end
 * @return {WebSocket} The client
 */
function dial({ lib, t }, address, ...args) {
  const url =
    typeof address === 'number'
      ? `${medium.scheme}://127.0.0.1:${address}/`
      : address;
  const last = args.at(-1);
  const hasOptions = typeof last === 'object' && !Array.isArray(last);
  const options = {
    ...PLAIN,
    ...medium.client,
    ...(hasOptions ? args.pop() : undefined)
  };
  const ws = new lib(url, ...args, options);

  t.after(() => {
    ws.on('error', () => {});
    ws.terminate();
  });
  return ws;
}

/**
 * Logs what becomes of a client: each event with its arguments and the state in its listener.
 * (An `'unexpected-response'` listener would change what happens; there is none.)
 *
 * @param {WebSocket} ws The client
 * @param {Function} log Takes the values to log
 * @return {Promise} Resolves after `'close'`
 */
function follow(ws, log) {
  ws.on('upgrade', (res) => log('upgrade', res.statusCode, ws.readyState));
  ws.on('open', () => log('open', ws.readyState));
  ws.on('message', (data, isBinary) => log('message', data, isBinary));
  ws.on('ping', (data) => log('ping', data, ws.readyState));
  ws.on('pong', (data) => log('pong', data, ws.readyState));
  ws.on('error', (error) => log('error', error, ws.readyState));
  return new Promise((resolve) => {
    ws.on('close', (code, reason) => {
      log('close', code, reason, ws.readyState);
      resolve();
    });
  });
}

/** Resolves after an event. (`events.once` rejects on `'error'`.) */
function after(emitter, event) {
  return new Promise((resolve) => emitter.once(event, resolve));
}

/** Connects a client to a `RawServer`: `{ ws, peer }`, both open. */
async function link(scenario, raw, options) {
  const ws = dial(scenario, raw.port, options);
  const opened = once(ws, 'open');
  const peer = await raw.upgrade();
  await opened;
  return { peer, ws };
}

/** The error that a function throws: its class, text and code; null if it throws none. */
function thrown(callback) {
  try {
    callback();
    return null;
  } catch (error) {
    const { code, message } = error;
    return { Class: error.constructor.name, message, code };
  }
}

module.exports = { after, dial, follow, link, PLAIN, thrown };
