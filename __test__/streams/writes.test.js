'use strict';

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { turns } = require('../support/session');
const { memorySession, MemoryStream } = require('./support');

/** Counts the calls of its write(). */
class CountingStream extends MemoryStream {
  constructor(options) {
    super(options);
    this.writes = 0;
  }

  write(...args) {
    this.writes++;
    return super.write(...args);
  }
}

const COUNTING = { Class: CountingStream };

suite('One write() per connection and loop iteration (DESIGN 5)', () => {
  test('for all that one tick sends', async (t) => {
    const lib = libraries.ferrows;
    const { near, received, ws } = await memorySession({ lib, t }, COUNTING);
    near.writes = 0;
    for (let i = 0; i < 100; i++) ws.send('a');
    ws.ping();
    assert.strictEqual(near.writes, 0);
    await turns();
    assert.strictEqual(near.writes, 1);
    assert.strictEqual(
      received().toString('hex'),
      '810161'.repeat(100) + '8900'
    );
  });

  test('for all that was read in one iteration, also by other streams', async (t) => {
    const lib = libraries.ferrows;
    const sessions = [];
    for (let i = 0; i < 10; i++) {
      sessions.push(await memorySession({ lib, t }, COUNTING));
    }
    for (const { near } of sessions) near.writes = 0;
    for (const { ws } of sessions) {
      ws.on('message', (data) => {
        for (const { ws } of sessions) ws.send(data);
      });
    }
    // One listener burning more than the millisecond of DESIGN 4 would be written earlier.
    for (const { near } of sessions) near.emit('data', frame(0x81, 'a'));
    await turns();
    for (const { received } of sessions) {
      assert.strictEqual(received().toString('hex'), '820161'.repeat(10));
    }
    // A slow machine may need more than a millisecond for these: then there is another write.
    const total = sessions.reduce((sum, { near }) => sum + near.writes, 0);
    assert.ok(total < 50, `${total} writes for 100 messages`);
  });
});

suite('What is sent leaves before the loop goes on', () => {
  const phases = {
    'a timer': (run) => setTimeout(run, 1),
    'setImmediate()': (run) => setImmediate(run),
    'process.nextTick()': (run) => process.nextTick(run),
    'a promise': (run) => Promise.resolve().then(run),
    'queueMicrotask()': (run) => queueMicrotask(run),
    'the callback of a file operation': (run) =>
      require('node:fs').stat('.', run)
  };

  for (const [phase, schedule] of Object.entries(phases)) {
    for (const size of [1, 20_000]) {
      contract(
        `from ${phase}, ${size} bytes`,
        async ({ lib, log, t }) => {
          const { near, ws } = await memorySession({ lib, t });
          near.written.length = 0;
          await new Promise((resolve) => {
            schedule(() => {
              ws.send('a'.repeat(size), () => log('sent'));
              // The promise's and the tick's own queues first.
              setImmediate(() => {
                const bytes = Buffer.concat(near.written).length;
                log('written', bytes);
                resolve();
              });
            });
          });
          await turns(2);
        },
        (log) =>
          assert.ok(
            log.some(([name, bytes]) => name === 'written' && bytes > size)
          )
      );
    }
  }

  contract(
    'within a chunk of the connection itself',
    async ({ lib, log, t }) => {
      const { far, near, received, ws } = await memorySession({ lib, t });
      ws.on('message', (data) => {
        ws.send(data);
        ws.send(Buffer.alloc(3));
        process.nextTick(() => ws.send('tick'));
        Promise.resolve().then(() => ws.send('promise'));
      });
      far.write(frame(0x81, 'go'));
      await turns();
      log(received(), near.writableLength);
    }
  );
});

suite('Raw writes (WS-CONTRACT 28)', () => {
  contract(
    'through ws._socket are in order with the frames',
    async ({ lib, log, t }) => {
      const { received, ws } = await memorySession({ lib, t });
      ws.send('1');
      ws._socket.write('raw 1;', () => log('written 1'));
      ws.send('2', () => log('sent 2'));
      ws.ping('3');
      ws._socket.write(Buffer.alloc(3, 0x2e));
      ws.send(Buffer.alloc(17_000, 1));
      ws._socket.write('raw 2;');
      ws.send('b'.repeat(17_000));
      ws._socket.end('end', () => log('ended'));
      await turns(20);
      log(received());
    }
  );

  contract(
    'end() and destroy() through ws._socket lose nothing sent before',
    async ({ lib, log, t }) => {
      for (const how of ['end', 'destroy', 'destroySoon']) {
        const { near, received, ws } = await memorySession({ lib, t });
        near.destroySoon ??= near.end;
        ws.send('last words');
        ws._socket[how]();
        await turns();
        log(how, received());
      }
    },
    (log) =>
      log.forEach(([, bytes]) =>
        assert.strictEqual(bytes, 'Buffer 810a6c61737420776f726473')
      )
  );

  contract('terminate() loses nothing sent before', async ({ lib, log, t }) => {
    const { closed, received, ws } = await memorySession({ lib, t });
    ws.on('close', (code) => log('close', code));
    ws.send('last words');
    ws.send('c'.repeat(20_000));
    ws.terminate();
    const late = new Promise((resolve) => ws.send('too late', resolve));
    await closed;
    await turns();
    log(await late);
    log(received());
  });
});

suite('Callbacks, bufferedAmount and backpressure', () => {
  contract(
    'callbacks come in order when a slow stream has written, bufferedAmount counts meanwhile',
    async ({ lib, log, t }) => {
      const { near, ws } = await memorySession({ lib, t });
      const waiting = [];
      near.onWritten = (callback) => waiting.push(callback);
      for (const size of [10, 20_000, 30, 70_000]) {
        ws.send(Buffer.alloc(size), (error) => log('sent', size, error));
        log('buffered', ws.bufferedAmount);
      }
      await turns();
      log('none yet', ws.bufferedAmount);
      near.onWritten = (callback) => setImmediate(callback);
      waiting.shift()();
      await turns(30);
      log(ws.bufferedAmount);
    },
    (log) => {
      assert.deepStrictEqual(log.at(-1), [0]);
      assert.strictEqual(log.filter(([name]) => name === 'sent').length, 4);
    }
  );

  contract(
    'while (bufferedAmount === 0) send() ends (WS-CONTRACT 14)',
    async ({ lib, log, t }) => {
      const { near, ws } = await memorySession({ lib, t });
      near.onWritten = () => {};
      let count = 0;
      while (ws.bufferedAmount === 0 && count < 10) {
        ws.send('data');
        count++;
      }
      log(count);
    }
  );

  contract(
    'pause() stops the stream, which holds its peer up; resume() loses nothing',
    async ({ lib, log, t }) => {
      const { far, near, ws } = await memorySession({ lib, t });
      let bytes = 0;
      ws.on('message', (data) => (bytes += data.length));
      ws.pause();
      log(ws.isPaused, near.isPaused());
      for (let i = 0; i < 10; i++) far.write(frame(0x82, Buffer.alloc(30_000)));
      await turns();
      log(bytes, near.readableLength >= near.readableHighWaterMark);
      ws.resume();
      log(ws.isPaused, near.isPaused());
      await turns();
      log(bytes);
    },
    (log) =>
      assert.deepStrictEqual(log, [
        [true, true],
        [0, true],
        [false, false],
        [300_000]
      ])
  );

  contract(
    'pause() in a listener: what was read with it is still emitted',
    async ({ lib, log, t }) => {
      const { far, ws } = await memorySession({ lib, t });
      ws.on('message', (data) => {
        log(data);
        ws.pause();
      });
      far.write(Buffer.concat([frame(0x81, 'a'), frame(0x81, 'b')]));
      await turns();
      log('resume');
      far.write(frame(0x81, 'c'));
      await turns();
      ws.resume();
      await turns();
    }
  );
});

suite('allowSynchronousEvents: false, over a stream (WS-CONTRACT 17)', () => {
  contract(
    'emits one event per macrotask, also when the stream is destroyed meanwhile',
    async ({ lib, log, t }) => {
      const { closed, far, near, ws } = await memorySession(
        { lib, t },
        { server: { allowSynchronousEvents: false } }
      );
      ws.on('message', (data) => {
        log(data);
        Promise.resolve().then(() => log('microtask'));
      });
      ws.on('close', (code) => log('close', code));
      far.write(
        Buffer.concat(['a', 'b', 'c'].map((text) => frame(0x81, text)))
      );
      await turns();
      far.end(frame(0x81, 'd'));
      await closed;
      log(near.destroyed);
    }
  );
});

suite('Async context, over streams (rule 7)', () => {
  test("what one connection's listener enters is not seen by another's", async (t) => {
    const storage = new AsyncLocalStorage();
    const lib = libraries.ferrows;
    const sessions = [];
    const seen = [];
    for (let i = 0; i < 3; i++) {
      const session = await storage.run(`request ${i}`, () =>
        memorySession({ lib, t })
      );
      session.ws.on('message', () => {
        seen.push(storage.getStore());
        storage.enterWith(`listener ${i}`);
        session.ws.send('a', () => seen.push(storage.getStore()));
      });
      sessions.push(session);
    }
    for (const { near } of sessions) near.emit('data', frame(0x81, 'a'));
    await turns();
    assert.deepStrictEqual(seen, [
      undefined,
      undefined,
      undefined,
      'listener 0',
      'listener 1',
      'listener 2'
    ]);
    assert.strictEqual(storage.getStore(), undefined);
  });
});
