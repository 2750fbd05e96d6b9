'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { session, turns } = require('../support/session');

/** Reads that many bytes and forgets them. */
async function discard(socket, count) {
  socket.removeAllListeners('data');
  socket.on('data', ({ length }) => (count -= length));
  socket.resume();
  while (count > 0) await turns(1);
}

suite('Callbacks of send(), ping() and pong() (WS-CONTRACT 13)', () => {
  contract(
    'are called after the call has returned, in order, without an error',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      let returned = false;
      const done = new Promise((resolve) => {
        const note =
          (name) =>
          (...args) =>
            log(name, returned, args);
        ws.send('1', note(1));
        ws.send(Buffer.alloc(20_000), note(2));
        ws.ping('3', note(3));
        ws.pong('4', false, note(4));
        ws.send('5', {}, note(5));
        ws.send('without one');
        ws.send('6', undefined, note(6));
        ws.ping(note(7));
        ws.pong(note(8));
        ws.send(Buffer.alloc(70_000), { binary: true }, note(9));
        ws.send('', (...args) => {
          note(10)(...args);
          resolve();
        });
        returned = true;
      });
      await done;
      client.socket.destroy();
    },
    (log) => {
      assert.deepStrictEqual(
        log.map(([number]) => number),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
      );
    }
  );

  contract(
    'come before the next macrotask when the kernel has taken all',
    async ({ lib, log, t }) => {
      const { ws } = await session({ lib, t });
      for (const size of [10, 20_000]) {
        await new Promise((resolve) => {
          setImmediate(() => {
            setImmediate(() => {
              log('immediate');
              resolve();
            });
            ws.send('a'.repeat(size), () => log('sent', size));
          });
        });
      }
    },
    (log) =>
      assert.deepStrictEqual(log, [
        ['sent', 10],
        ['immediate'],
        ['sent', 20_000],
        ['immediate']
      ])
  );

  contract('may send again, and close', async ({ lib, log, t }) => {
    const { client, closed, ws } = await session({ lib, t });
    let count = 0;
    ws.send('first', function next(error) {
      log(count, error);
      if (++count < 50) ws.send(`next ${count}`, next);
      else ws.close(1000);
    });
    client.send(frame(0x88, Buffer.from('03e8', 'hex')));
    ws.removeAllListeners('message');
    await closed;
    log(count);
  });

  contract('that are not functions are ignored', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    for (const cb of [null, undefined, 0, false]) {
      ws.send('a', {}, cb);
      ws.ping('b', false, cb);
      ws.pong('c', false, cb);
    }
    ws.send('end', () => log('called'));
    log(await client.read(4 * 9 + 5));
    await turns();
  });

  contract(
    'wait until the kernel has taken the bytes',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      client.socket.pause();
      let called = 0;
      const size = 1024 * 1024;
      for (let i = 0; i < 32; i++) {
        ws.send(Buffer.alloc(size), (error) => {
          if (error) log(error);
          called++;
        });
      }
      await turns(50);
      log('all called while the peer did not read:', called === 32);
      log('bytes wait:', ws.bufferedAmount > 0);
      await discard(client.socket, 32 * (size + 10));
      await turns(50);
      log(called, ws.bufferedAmount);
    },
    (log) =>
      assert.deepStrictEqual(log, [
        ['all called while the peer did not read:', false],
        ['bytes wait:', true],
        [32, 0]
      ])
  );
});

suite(
  'Callbacks that are pending when the connection dies (WS-CONTRACT 13)',
  () => {
    for (const how of ['terminate', 'reset', 'destroy']) {
      contract(
        `by ${how} get an error with readyState CLOSING, each once, in order, before "close"`,
        async ({ lib, log, t }) => {
          const { client, closed, ws } = await session({ lib, t });
          const entries = [];
          client.socket.pause();
          ws.on('error', (error) => entries.push(['error', error]));
          ws.on('close', (code) =>
            entries.push(['close', code, ws.readyState])
          );

          // Node.js reports the write that the kernel has begun as done, whatever becomes of it.
          const callback = (i) => (error) =>
            entries.push([i, error instanceof Error || i === 0, ws.readyState]);
          for (let i = 0; i < 5; i++) {
            ws.send(Buffer.alloc(8 * 1024 * 1024), callback(i));
          }
          ws.send('small', callback(5));
          ws.ping(callback(6));
          await turns();
          const early = entries.length;

          if (how === 'terminate') ws.terminate();
          else if (how === 'destroy') ws._socket.destroy();
          else client.reset();
          await closed;
          await turns();
          // How much the kernel has taken before may differ.
          log(early <= 1);
          log(...entries.slice(early === 1 ? 1 : 0).map(String));
        },
        ([, entries]) => {
          assert.ok(entries.at(-1).startsWith('close,1006'));
        }
      );
    }

    contract(
      'those of sends right before terminate() too',
      async ({ lib, log, t }) => {
        const { closed, ws } = await session({ lib, t });
        ws.on('close', () => log('close'));
        ws.send('a', (error) => log('a', Boolean(error)));
        ws.terminate();
        ws.send('b', (error) => log('b', error));
        await closed;
        await turns();
      }
    );
  }
);
