'use strict';

const { once } = require('node:events');
const net = require('node:net');

const { dial } = require('../client/support');
const { frame } = require('../support/raw-client');
const { RawServer } = require('../support/raw-server');
const { session, turns } = require('../support/session');

/** Runs a scenario for each of many values, some at a time; resolves with the results in order. */
async function forEach(values, scenario, atOnce = 16) {
  const list = [...values];
  const results = [];
  let next = 0;

  const runner = async () => {
    while (next < list.length) {
      const index = next++;
      results[index] = await scenario(list[index]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
  return results;
}

/** The numbers from 0 to `last`. */
function upTo(last) {
  return Array.from({ length: last + 1 }, (_, i) => i);
}

/** Makes `frame()` one of a server: without a mask. */
function unmasked(first, payload = '') {
  const bytes = Buffer.from(payload);
  const header = frame(first, payload).subarray(0, -bytes.length - 4);

  header[1] &= 0x7f;
  return Buffer.concat([header, bytes]);
}

/** Connects a client to a raw server: `ws`, its `socket`, and `peer`, the other end. */
async function dialled(scenario, options) {
  const raw = await RawServer.start(scenario.t);
  let socket;
  const ws = dial(scenario, raw.port, {
    createConnection: (how) => (socket = net.connect(how)),
    ...options
  });
  return { raw, socket: () => socket, ws };
}

/**
 * A connection of the library and the raw end of it, in each role. `onConnection` is called with the
 * `WebSocket` as soon as there is one.
 */
const ROLES = {
  server: {
    make: frame,
    async session(scenario, { onConnection, options } = {}) {
      const both = await session(scenario, { onConnection, server: options });
      return { ...both, peer: both.client };
    }
  },
  client: {
    make: unmasked,
    async session(scenario, { onConnection, options } = {}) {
      const { raw, ws } = await dialled(scenario, options);
      const closed = new Promise((done) => ws.on('close', () => done()));
      const opened = once(ws, 'open');
      onConnection?.(ws);
      const peer = await raw.upgrade();
      await opened;
      return { closed, peer, ws };
    }
  }
};

/** Resolves when `socket` has read that many bytes. */
async function hasRead(socket, count) {
  while (socket.bytesRead < count) await turns(1);
}

module.exports = { dialled, forEach, hasRead, ROLES, unmasked, upTo };
