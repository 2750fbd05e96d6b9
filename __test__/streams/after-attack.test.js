'use strict';

// What an attack on the finished code brought to light of streams, and of the queues that connections
// have.

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { Child } = require('../support/child');
const { libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { session, turns } = require('../support/session');
const { memorySession, MemoryStream } = require('./support');

/** Methods of arrays that move all items, or copy them. */
const MOVING = ['copyWithin', 'shift', 'slice', 'splice', 'unshift'];

/** Arrays below this length are not what makes a queue slow. */
const LONG = 1000;

/**
 * Runs a function and counts the items of long arrays that were moved meanwhile: what makes a queue
 * quadratic, whatever the machine is. (An engine may be clever about some; none is about all.)
 */
async function countMoves(run) {
  const originals = MOVING.map((name) => Array.prototype[name]);
  let moves = 0;

  MOVING.forEach((name, i) => {
    Array.prototype[name] = function (...args) {
      if (this.length >= LONG) moves += this.length;
      return originals[i].apply(this, args);
    };
  });

  try {
    await run();
  } finally {
    MOVING.forEach((name, i) => (Array.prototype[name] = originals[i]));
  }

  return moves;
}

/** It never says what became of its writes. */
class SilentStream extends MemoryStream {
  constructor(options) {
    super(options);
    this.onWritten = () => {};
  }
}

const lib = libraries.ferrows;

/** What is done with `count` items of a queue; resolves when there are none left. */
const QUEUES = {
  'callbacks of sends on a socket': async (t, count) => {
    const { ws } = await session({ lib, t });
    let left = count;
    return () =>
      new Promise((resolve) => {
        const sent = () => --left === 0 && resolve();
        for (let i = 0; i < count; i++) ws.send('a', sent);
      });
  },
  'callbacks of sends on a stream': async (t, count) => {
    const { ws } = await memorySession({ lib, t });
    let left = count;
    return () =>
      new Promise((resolve) => {
        const sent = () => --left === 0 && resolve();
        for (let i = 0; i < count; i++) ws.send('a', sent);
      });
  },
  'callbacks of sends that fail': async (t, count) => {
    const { closed, near, ws } = await memorySession(
      { lib, t },
      { Class: SilentStream }
    );
    let left = count;
    for (let i = 0; i < count; i++) ws.send('a', () => left--);
    await turns(2);
    return async () => {
      near.destroy();
      await closed;
      assert.strictEqual(left, 0);
    };
  },
  'sends that wait for a Blob': async (t, count) => {
    const { ws } = await memorySession({ lib, t });
    let left = count;
    return () =>
      new Promise((resolve) => {
        ws.send(new Blob(['blob']));
        const sent = () => --left === 0 && resolve();
        for (let i = 0; i < count; i++) ws.send('a', sent);
      });
  },
  'messages that wait for their macrotasks': async (t, count) => {
    const { near, ws } = await memorySession(
      { lib, t },
      { server: { allowSynchronousEvents: false } }
    );
    let left = count;
    return () =>
      new Promise((resolve) => {
        ws.on('message', () => --left === 0 && resolve());
        near.emit(
          'data',
          Buffer.concat(Array(count).fill(frame(0x81, 'message')))
        );
      });
  }
};

suite('A queue that is long is emptied in linear time', () => {
  for (const [what, prepare] of Object.entries(QUEUES)) {
    test(`of ${what}: each of 20 000 items is moved a few times at most`, async (t) => {
      const count = 20_000;
      const moves = await countMoves(await prepare(t, count));

      t.diagnostic(`${moves / count} moves per item`);
      assert.ok(moves < 10 * count, `${moves} moves of ${count} items`);
    });
  }
});

test('A stream that is slow keeps no more memory than it was sent, however much other streams write', async (t) => {
  const child = new Child(
    t,
    'ferrows',
    async ({ lib, say }) => {
      const { Duplex } = require('stream');
      const STREAMS = 200;
      const ROUNDS = 100;
      const MESSAGE = Buffer.alloc(1024);
      const wss = new lib.WebSocketServer({ noServer: true });
      const sockets = [];

      for (let i = 0; i < STREAMS; i++) {
        const stream = new Duplex({
          read() {},
          write(chunk, encoding, callback) {
            // The first never calls back.
            if (i !== 0) callback();
          }
        });
        const headers = {
          upgrade: 'websocket',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          'sec-websocket-version': '13'
        };
        wss.handleUpgrade(
          { headers, method: 'GET', socket: stream, url: '/' },
          stream,
          Buffer.alloc(0),
          (ws) => sockets.push(ws)
        );
      }

      const measure = async () => {
        for (let i = 0; i < 5; i++) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          globalThis.gc();
        }
        return process.memoryUsage().arrayBuffers;
      };
      const before = await measure();
      for (let round = 0; round < ROUNDS; round++) {
        for (const ws of sockets) ws.send(MESSAGE);
        await new Promise(setImmediate);
      }
      const { bufferedAmount } = sockets[0];
      say({ bufferedAmount, growth: (await measure()) - before });
      process.exit();
    },
    ['--expose-gc']
  );
  const { bufferedAmount, growth } = await child.next();

  assert.ok(bufferedAmount >= 100 * 1024, `${bufferedAmount} bytes wait`);
  t.diagnostic(`${growth} bytes for ${bufferedAmount}`);
  // Node.js's pool, of 8 KiB for eight messages of different streams, and then some. All that was
  // written is 20 MB.
  assert.ok(growth < 4e6, `${growth} bytes for ${bufferedAmount}`);
});
