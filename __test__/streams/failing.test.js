'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { turns } = require('../support/session');
const {
  memoryPair,
  memorySession,
  upgrade,
  upgradeRequest
} = require('./support');

const ERROR = new Error('The stream failed');

/** How a stream may go. */
const ENDS = {
  errors: (near) => near.destroy(ERROR),
  'is destroyed': (near) => near.destroy(),
  ends: (near, far) => far.end(),
  "emits 'error' by itself": (near) => near.emit('error', ERROR),
  "emits 'error' twice": (near) => {
    near.emit('error', ERROR);
    near.emit('error', ERROR);
  }
};

/** Logs `'error'`, `'close'` and what callbacks of sends get. */
function watch(ws, log) {
  ws.on('message', (data, isBinary) => log('message', data, isBinary));
  ws.on('error', (error) => log('error', error));
  ws.on('close', (code, reason) => log('close', code, reason, ws.readyState));
}

/** What it has read and not emitted, as it is paused, is emitted when it is closed. */
contract(
  'A paused stream that is destroyed: messages and pings come in state CLOSING, and no pong goes out',
  async ({ lib, log, t }) => {
    const { closed, far, near, received, ws } = await memorySession({ lib, t });
    let late;
    ws.on('message', (data) => {
      log('message', data, ws.readyState);
      ws.send(data, (error) => (late = error));
    });
    ws.on('ping', (data) => log('ping', data, ws.readyState));
    ws.on('close', (code) => log('close', code));
    ws.pause();
    far.write(Buffer.concat([frame(0x81, 'a'), frame(0x89, 'b')]));
    await turns();
    near.destroy();
    await closed;
    await turns();
    log(received(), ws.isPaused, late);
  },
  (log) => assert.deepStrictEqual(log[0], ['message', 'Buffer 61', 2])
);

/** A text message in two fragments with a ping in between, and a longer message. */
const BYTES = Buffer.concat([
  frame(0x01, 'ab'),
  frame(0x89, 'p'),
  frame(0x80, 'c'),
  frame(0x82, Buffer.alloc(130, 1))
]);

/** Where the messages in it end. */
const FIRST = 8 + 7 + 7;

for (const [how, go] of Object.entries(ENDS)) {
  suite(`A stream that ${how}`, () => {
    test("at any byte of a frame: 'close' 1006, once", async (t) => {
      for (let cut = 0; cut <= BYTES.length; cut++) {
        // Every position of the small frames and of the long one's header; then a few.
        if (cut > FIRST + 10 && cut % 40 !== 0 && cut !== BYTES.length)
          continue;

        const logs = [];

        for (const lib of [libraries.ws, libraries.ferrows]) {
          const log = [];
          const { closed, far, near, ws } = await memorySession({ lib, t });
          watch(ws, (...values) => log.push(values));
          // ws unmasks in place.
          far.write(Buffer.from(BYTES.subarray(0, cut)));
          await turns(3);
          go(near, far);
          await closed;
          await turns(3);
          logs.push(log);
        }

        const [expected, actual] = logs;
        assert.deepStrictEqual(actual, expected, `cut at ${cut}`);
        const closes = actual.filter(([name]) => name === 'close');
        assert.strictEqual(closes.length, 1, `cut at ${cut}`);
        assert.strictEqual(closes[0][1], 1006);
        const messages = (cut >= FIRST) + (cut === BYTES.length);
        assert.strictEqual(actual.length - 1, messages, `cut at ${cut}`);
      }
    });

    contract(
      'right after it brought a message: that is delivered first',
      async ({ lib, log, t }) => {
        const { closed, far, near, ws } = await memorySession({ lib, t });
        watch(ws, log);
        near.emit('data', frame(0x81, 'last'));
        go(near, far);
        await closed;
        await turns();
      },
      (log) =>
        assert.deepStrictEqual(log[0], ['message', 'Buffer 6c617374', false])
    );

    contract(
      'while writes are pending: all callbacks are called, once each',
      async ({ lib, log, t }) => {
        const { closed, far, near, ws } = await memorySession({ lib, t });
        const called = [];
        let release;
        watch(ws, log);
        near.onWritten = (callback) => (release = callback);
        for (const size of [1, 20_000, 2, 0, 70_000]) {
          ws.send(Buffer.alloc(size), () => called.push(size));
        }
        ws.ping('p', undefined, () => called.push('ping'));
        ws.send('a'.repeat(30_000), () => called.push('string'));
        await turns(3);
        go(near, far);
        // It is up to the stream when its write ends.
        near.onWritten = (callback) => callback();
        release();
        await closed;
        await turns();
        log(...called);
      },
      (log) => assert.strictEqual(log.at(-1).length, 7)
    );

    contract(
      'before the connection is made',
      async ({ lib, log, t }) => {
        const [near, far] = memoryPair();
        const wss = new lib.WebSocketServer({
          noServer: true,
          verifyClient: (info, callback) => {
            go(near, far);
            setImmediate(() => callback(true));
          }
        });
        t.after(() => [near, far].forEach((stream) => stream.destroy()));
        far.on('error', () => {});
        near.on('close', () => log('stream closed'));
        if (how === 'ends') near.resume();
        wss.handleUpgrade(upgradeRequest(near), near, Buffer.alloc(0), () =>
          log('connection')
        );
        await turns(20);
        log(near.destroyed, near.listenerCount('error'));
      },
      (log) => assert.ok(!log.some(([name]) => name === 'connection'))
    );

    contract(
      'in the callback of handleUpgrade()',
      async ({ lib, log, t }) => {
        const [near, far] = memoryPair();
        far.on('error', () => {});
        far.on('end', () => far.end()).resume();
        t.after(() => far.destroy());
        const { closed } = upgrade({ lib, t }, near, {
          onConnection: (ws) => {
            watch(ws, log);
            ws.send('first', () => log('sent'));
            go(near, far);
          }
        });
        await closed;
        await turns();
        log(near.destroyed);
      },
      (log) =>
        assert.ok(log.some(([name, code]) => name === 'close' && code === 1006))
    );
  });
}

suite('A stream that fails while the connection closes', () => {
  for (const [how, go] of Object.entries(ENDS)) {
    contract(`and ${how}`, async ({ lib, log, t }) => {
      const { closed, far, near, ws } = await memorySession({ lib, t });
      watch(ws, log);
      ws.close(1000, 'bye');
      await turns(3);
      go(near, far);
      await closed;
      ws.send('late', (error) => log(error));
      await turns();
      log(ws.readyState);
    });
  }

  contract(
    'in a listener of a message: the rest is dropped, and close comes once',
    async ({ lib, log, t }) => {
      const { closed, far, near, ws } = await memorySession({ lib, t });
      ws.on('close', (code) => log('close', code));
      ws.once('message', () => near.destroy(ERROR));
      far.write(frame(0x81, 'a'));
      await closed;
      await turns();
    }
  );
});
