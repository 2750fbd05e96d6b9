'use strict';

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { suite } = require('node:test');

const { Child } = require('../support/child');
const { contract } = require('../support/contract');
const { RawServer, readMasked } = require('../support/raw-server');
const { serve } = require('../support/serve');
const { turns } = require('../support/session');
const { after, dial, follow, link } = require('./support');

suite('the EventTarget side of a client (WS-CONTRACT 34)', () => {
  contract(
    'has handlers for all four events',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      ws.onopen = ({ target, type }) => log(type, target === ws, ws.readyState);
      ws.onmessage = ({ data, type }) => log(type, data);
      ws.onerror = ({ error, message, type }) => log(type, error, message);
      const closed = new Promise((resolve) => {
        ws.onclose = ({ code, reason, type, wasClean }) => {
          log(type, code, reason, wasClean, ws.readyState);
          resolve();
        };
      });
      await raw.upgrade({ behind: '8102 6869 8202 0102 8805 03e8 627965' });
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(log, [
        ['open', true, 1],
        ['message', 'hi'],
        ['message', 'Buffer 0102'],
        ['close', 1000, 'bye', true, 3]
      ])
  );

  contract('tells a failure', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    ws.addEventListener('open', () => log('never'));
    ws.addEventListener('error', ({ error, message }) => log(error, message), {
      once: true
    });
    const closed = new Promise((resolve) =>
      ws.addEventListener('close', ({ code, reason, wasClean }) => {
        log(code, reason, wasClean);
        resolve();
      })
    );
    await raw.upgrade({ status: '500 No', headers: { Upgrade: null } });
    await closed;
  });

  contract('gives binaryType its values', async ({ lib, log, t }) => {
    for (const type of ['nodebuffer', 'arraybuffer', 'fragments', 'nothing']) {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      ws.binaryType = type;
      log(ws.binaryType);
      const closed = follow(ws, log);
      await raw.upgrade({ behind: '8203 010203 0201 61 8001 62 8800' });
      await closed;
    }
  });
});

suite("a client's async context", () => {
  contract(
    'is that of its constructor, for each event',
    async ({ lib, log, t }) => {
      const als = new AsyncLocalStorage();
      const { port, wss } = await serve(t, lib);
      wss.on('connection', (peer) => {
        peer.send('hi');
        peer.ping();
        peer.on('message', () => peer.close(1000));
      });

      const clients = ['one', 'two', 'three'].map((user) =>
        als.run(user, () => {
          const ws = dial({ lib, t }, port);
          const seen = [];
          for (const event of ['upgrade', 'open', 'message', 'ping', 'close']) {
            ws.on(event, () => seen.push([event, als.getStore()]));
          }
          return { closed: after(ws, 'close'), seen, ws };
        })
      );
      for (const { ws } of clients) {
        ws.on('ping', () => als.run('callback', () => ws.send('x', () => {})));
      }
      await Promise.all(clients.map(({ closed }) => closed));
      for (const { seen } of clients) log(seen);
    },
    (log) => {
      for (const [i, user] of ['one', 'two', 'three'].entries()) {
        assert.deepStrictEqual(log[i][0], [
          ['upgrade', user],
          ['open', user],
          ['message', user],
          ['ping', user],
          ['close', user]
        ]);
      }
    }
  );

  contract('is that of a failed handshake, too', async ({ lib, log, t }) => {
    const als = new AsyncLocalStorage();
    const raw = await RawServer.start(t);
    const ws = als.run('user', () => dial({ lib, t }, raw.port));
    ws.on('error', () => log('error', als.getStore()));
    ws.on('close', () => log('close', als.getStore()));
    const closed = after(ws, 'close');
    await raw.upgrade({ headers: { Upgrade: 'foo' } });
    await closed;
  });
});

suite('a process with a client', () => {
  contract(
    'ends by itself after the client has closed, or has failed',
    async ({ log, name, t }) => {
      const child = new Child(t, name, ({ lib, say }) => {
        const wss = new lib.WebSocketServer({ port: 0 }, () => {
          const url = `ws://127.0.0.1:${wss.address().port}`;
          const ws = new lib(url);
          ws.on('message', () => ws.close(1000));
          ws.on('close', (code) => {
            say(code);
            wss.close(() => {
              const other = new lib(url);
              other.on('error', ({ code: errorCode }) => say(errorCode));
              other.on('close', say);
            });
          });
        });
        wss.on('connection', (peer) => peer.send('hi'));
      });
      for (let i = 0; i < 3; i++) log(await child.next());
      log(await child.end());
    },
    (log) =>
      assert.deepStrictEqual(log, [[1000], ['ECONNREFUSED'], [1006], [0]])
  );

  contract(
    'of a worker thread, several at once, ends with them',
    async ({ log, name, t }) => {
      const child = new Child(t, name, ({ lib, say }) => {
        const { Worker } = require('worker_threads');
        const wss = new lib.WebSocketServer({ port: 0 }, () => {
          // The first module with these exports is the package's.
          const file = Object.keys(require.cache).find(
            (key) => require.cache[key].exports === lib
          );
          let left = 3;
          for (let i = 0; i < 3; i++) {
            const worker = new Worker(
              `const { parentPort, workerData } = require('worker_threads');
               const lib = require(workerData.file);
               const ws = new lib(workerData.url);
               let count = 0;
               ws.on('open', () => ws.send('x'));
               ws.on('message', (data) => {
                 if (++count === 100) ws.close(1000);
                 else ws.send(data);
               });
               ws.on('close', (code) => parentPort.postMessage([code, count]));`,
              {
                eval: true,
                workerData: {
                  file,
                  url: `ws://127.0.0.1:${wss.address().port}`
                }
              }
            );
            worker.on('message', say);
            worker.on('error', ({ message }) => say(message));
            worker.on('exit', (code) => {
              say(code);
              if (--left === 0) wss.close();
            });
          }
        });
        wss.on('connection', (peer) =>
          peer.on('message', (data) => peer.send(data))
        );
      });
      const said = [];
      for (let i = 0; i < 6; i++) said.push(JSON.stringify(await child.next()));
      log(said.sort(), await child.end());
    },
    (log) =>
      assert.deepStrictEqual(log[0], [
        ['0', '0', '0', '[1000,100]', '[1000,100]', '[1000,100]'],
        0
      ])
  );
});

suite('many clients', () => {
  contract('200 at once of one server', async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    wss.on('connection', (ws, { url }) => {
      ws.on('message', (data) => ws.send(`${url} ${data}`));
    });
    const clients = Array.from({ length: 200 }, (_, i) =>
      dial({ lib, t }, `ws://127.0.0.1:${port}/${i}`)
    );
    const answers = await Promise.all(
      clients.map(async (ws, i) => {
        const closed = after(ws, 'close');
        await after(ws, 'open');
        ws.send(`hello ${i}`);
        const data = await after(ws, 'message');
        ws.close(1000);
        return [String(data), await closed];
      })
    );
    log(answers);
    while (wss.clients.size !== 0) await turns(1);
    log(wss.clients.size);
  });

  contract('their keys do not mix', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const links = [];
    for (let i = 0; i < 10; i++) links.push(await link({ lib, t }, raw));
    // All send in one tick.
    links.forEach(({ ws }, i) => ws.send(`message of ${i}`));
    for (const { peer } of links) log((await readMasked(peer)).payload);
    links.forEach(({ ws }) => ws.terminate());
  });
});
