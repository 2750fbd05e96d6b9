'use strict';

// Sec-WebSocket-Protocol and Sec-WebSocket-Extensions of a length that nobody honest sends.

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { after, dial } = require('../client/support');
const { memoryPair, upgradeRequest } = require('../streams/support');
const { libraries } = require('../support/contract');
const { RawServer } = require('../support/raw-server');
const { turns } = require('../support/session');

const KIB = 1024;

/** Headers of a length, each of one kind of repetition. */
const LONG = {
  'many subprotocols': (length) => protocols(numbered('p', ',', length)),
  'many subprotocols with blanks': (length) =>
    protocols(numbered('p', '  , ', length)),
  'one long subprotocol': (length) => protocols('p'.repeat(length)),
  'a subprotocol, and blanks': (length) => protocols(`p${' '.repeat(length)}`),
  'blanks and no comma': (length) => protocols(`p${' '.repeat(length)}q`),
  commas: (length) => protocols(','.repeat(length)),
  'the same subprotocol': (length) => protocols('p,'.repeat(length / 2)),
  'many extensions': (length) => extensions(numbered('x', ',', length)),
  'one long extension': (length) => extensions('x'.repeat(length)),
  'many parameters': (length) => extensions(`x;${numbered('a', ';', length)}`),
  'one parameter many times': (length) =>
    extensions(`x${';a'.repeat(length / 2)}`),
  'many offers': (length) =>
    extensions(`${'permessage-deflate,'.repeat(length / 19)}x`),
  'many offers that are not acceptable': (length) =>
    extensions(`${'permessage-deflate;a,'.repeat(length / 21)}x`),
  'an offer with many parameters': (length) =>
    extensions(
      `permessage-deflate${';server_no_context_takeover'.repeat(length / 27)}`
    ),
  'a long quoted value': (length) => extensions(`x;a="${'b'.repeat(length)}"`),
  'a quoted value of escapes': (length) =>
    extensions(`x;a="${'\\b'.repeat(length / 2)}"`),
  'a quoted value without an end': (length) =>
    extensions(`x;a="${'b'.repeat(length)}`),
  'blanks behind an extension': (length) =>
    extensions(`x${' '.repeat(length)}`),
  semicolons: (length) => extensions(`x${';'.repeat(length)}`)
};

function numbered(name, separator, length) {
  const parts = [];
  for (let size = 0, i = 0; size < length; i++) {
    parts.push(`${name}${i}`);
    size += parts.at(-1).length + separator.length;
  }
  return parts.join(separator).slice(0, length);
}

const protocols = (value) => ({ 'sec-websocket-protocol': value });
const extensions = (value) => ({ 'sec-websocket-extensions': value });

/** Microseconds of processor time that a server takes for an upgrade: the median of several. */
async function costOfRequest(t, headers) {
  const wss = new libraries.ferrows.WebSocketServer({
    noServer: true,
    perMessageDeflate: true
  });
  const costs = [];

  wss.on('wsClientError', () => {});
  for (let i = 0; i < 5; i++) {
    const [near, far] = memoryPair();
    const req = upgradeRequest(near);
    Object.assign(req.headers, headers);
    far.on('error', () => {});

    const before = process.cpuUsage();
    wss.handleUpgrade(req, near, Buffer.alloc(0), (ws) => ws.terminate());
    const { system, user } = process.cpuUsage(before);
    costs.push(system + user);
    near.destroy();
    await turns(2);
  }
  return median(costs);
}

/** The same of a client, from the parsed response on. */
async function costOfResponse(t, headers) {
  const raw = await RawServer.start(t);
  const costs = [];

  for (let i = 0; i < 5; i++) {
    // Without an offer, the answer to it would not be looked at.
    const offered = headers['sec-websocket-protocol'] ? ['p'] : [];
    const ws = dial({ lib: libraries.ferrows, t }, raw.port, offered, {
      maxHeaderSize: 1024 * KIB,
      perMessageDeflate: true
    });
    // It comes before anything else of the response is looked at.
    const told = new Promise((resolve) => {
      ws.on('upgrade', () => {
        const before = process.cpuUsage();
        const done = () => resolve(process.cpuUsage(before));
        ws.on('open', done);
        ws.on('error', ({ message }) => {
          assert.match(message, offered[0] ? /subprotocol/ : /extension/i);
          done();
        });
      });
    });
    const closed = after(ws, 'close');
    const peer = await raw.upgrade({ headers });
    const { system, user } = await told;
    costs.push(system + user);
    ws.terminate();
    peer.socket.destroy();
    await closed;
  }
  raw.server.close();
  return median(costs);
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

for (const [role, costOf] of [
  ['request', costOfRequest],
  ['response', costOfResponse]
]) {
  suite(
    `Long headers of a ${role} take time that is linear in their length`,
    () => {
      for (const [what, make] of Object.entries(LONG)) {
        test(what, async (t) => {
          // The first time is slower.
          await costOf(t, make(KIB));
          const short = await costOf(t, make(8 * KIB));
          const long = await costOf(t, make(256 * KIB));

          t.diagnostic(`8 KiB: ${short} µs, 256 KiB: ${long} µs`);
          // 32 times as much would be linear, and 1024 times quadratic. What takes no time at all has no ratio.
          assert.ok(
            long < 160 * Math.max(short, 25),
            `${short} µs, then ${long} µs`
          );
        });
      }
    }
  );
}
