'use strict';

// A peer resets a TCP connection at each byte of the handshake and of frames. Streams that fail there are in
// streams/handshake-cuts and streams/cuts.

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { frame, RawClient, request } = require('../support/raw-client');
const { response } = require('../support/raw-server');
const { serve } = require('../support/serve');
const { record, turns } = require('../support/session');
const {
  dialled,
  forEach,
  hasRead,
  ROLES,
  unmasked,
  upTo
} = require('./support');

const REQUEST = Buffer.concat([request(), frame(0x81, 'first')]);
const BEHIND = unmasked(0x81, 'first');
/** Of a response to any key. */
const HEAD = response('Sec-WebSocket-Key: x\r').length;

contract(
  "a client that resets at each byte of its request: no connection, or its 'close' 1006, once",
  async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    const sockets = new Map();
    const logs = new Map();

    wss._server.on('connection', (socket) => {
      socket.on('error', () => {});
      sockets.set(socket.remotePort, socket);
    });
    wss.on('connection', (ws, req) => {
      const list = logs.get(req.socket.remotePort);
      list.push(['connection']);
      record(ws, (...values) => list.push(values));
    });

    const results = await forEach(upTo(REQUEST.length), async (at) => {
      const client = await RawClient.connect(port);
      const { localPort } = client.socket;
      const list = [];

      logs.set(localPort, list);
      while (!sockets.has(localPort)) await turns(1);
      const socket = sockets.get(localPort);
      const closed = new Promise((resolve) => socket.on('close', resolve));
      client.send(REQUEST.subarray(0, at));
      await hasRead(socket, at);
      client.reset();
      await closed;
      await turns();
      return list;
    });
    results.forEach((list, at) => log(at, ...list));
    log(wss.clients.size);
  },
  (log) => {
    assert.strictEqual(log.length, REQUEST.length + 2);
    log.slice(0, -1).forEach(([at, ...events]) => {
      const expected = at < request().length ? [] : ['connection', 'close'];
      if (at === REQUEST.length) expected.splice(1, 0, 'message');
      assert.deepStrictEqual(
        events.map(([event]) => event),
        expected,
        `at ${at}`
      );
    });
    assert.deepStrictEqual(log.at(-1), [0]);
  }
);

contract(
  "a server that resets at each byte of its response: 'error' and 'close' 1006, or only that, once",
  async ({ lib, log, t }) => {
    const results = await forEach(
      upTo(HEAD + BEHIND.length),
      async (at) => {
        const list = [];
        const { raw, socket, ws } = await dialled({ lib, t });
        ws.on('open', () => list.push(['open']));
        record(ws, (...values) => list.push(values));
        const closed = new Promise((resolve) => ws.on('close', resolve));

        const peer = await raw.request();
        const bytes = response(peer.request, { behind: BEHIND });
        peer.send(bytes.subarray(0, at));
        await hasRead(socket(), at);
        peer.reset();
        await closed;
        await turns();
        list.push([socket().destroyed]);
        raw.server.close();
        return list;
      },
      8
    );
    results.forEach((list, at) => log(at, ...list));
  },
  (log) => {
    for (const [at, ...events] of log) {
      const expected = [at < HEAD ? 'error' : 'open', 'close', true];
      if (at === HEAD + BEHIND.length) expected.splice(1, 0, 'message');
      assert.deepStrictEqual(
        events.map(([event]) => event),
        expected,
        `at ${at}`
      );
    }
  }
);

/** What is cut: all kinds of frames and of lengths. */
const FRAMES = [
  [0x81, 'hello'],
  [0x89, 'ping'],
  [0x01, 'ab'],
  [0x8a, 'pong'],
  [0x80, 'c'],
  [0x82, Buffer.alloc(200, 7)],
  [0x82, Buffer.alloc(66_000, 8)]
];

/** Of a frame with a length of 64 bits, what is cut everywhere: its header, and the payload's beginning. */
const BEGINNING = 32;
/** Of its payload the middle, what crosses a page of 4 KiB, 16 KiB and 64 KiB, and the end. */
const WITHIN = [4096, 16_384, 33_000, 65_535, 65_536, 65_537];

/** Each byte of the frames; of one whose length has 64 bits, those that are told above. */
function positions(make) {
  const list = [];
  let start = 0;

  for (const [first, payload] of FRAMES) {
    const { length } = make(first, payload);
    const places =
      payload.length <= 0xffff
        ? upTo(length - 1)
        : [...upTo(BEGINNING), ...WITHIN, length - 2, length - 1];
    list.push(...places.map((place) => start + place));
    start += length;
  }
  return [...list, start];
}

for (const [role, { make, session }] of Object.entries(ROLES)) {
  contract(
    `a peer of a ${role} that resets at each byte of a frame, with a long payload at some: 'close' 1006, once, no 'error', and a late send() is told`,
    async ({ lib, log, t }) => {
      const bytes = Buffer.concat(FRAMES.map((args) => make(...args)));
      const results = await forEach(positions(make), async (at) => {
        const list = [];
        const both = await session(
          { lib, t },
          {
            onConnection: (ws) =>
              record(ws, (...values) => list.push(summary(values)))
          }
        );
        const { closed, peer, ws } = both;
        const before = ws._socket.bytesRead;

        peer.send(bytes.subarray(0, at));
        await hasRead(ws._socket, before + at);
        peer.reset();
        await closed;
        await new Promise((resolve) => {
          ws.send('late', (error) => resolve(list.push([error.message])));
        });
        ws.terminate();
        await turns();
        both.wss?.close();
        return [at, ...list];
      });
      for (const result of results) log(...result);
    },
    (log) => {
      // Each byte up to the long payload is one of them.
      const places = log.map(([at]) => at);
      assert.ok(places.length > 250);
      for (let i = 0; i < 240; i++) assert.strictEqual(places[i], i);
      for (const [at, ...events] of log) {
        const names = events.map(([event]) => event);
        assert.deepStrictEqual(
          names.filter((name) => name === 'error'),
          []
        );
        assert.deepStrictEqual(
          events.filter(([name]) => name === 'close').map(([, code]) => code),
          [1006],
          `at ${at}`
        );
      }
      assert.deepStrictEqual(
        log
          .at(-1)
          .slice(1, 6)
          .map(([event]) => event),
        ['message', 'ping', 'pong', 'message', 'message']
      );
    }
  );
}

/** Long payloads as their length. */
function summary([event, data, ...rest]) {
  return [event, data?.length > 20 ? data.length : data, ...rest];
}
