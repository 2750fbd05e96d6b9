'use strict';

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const http = require('node:http');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { listen, open, serve } = require('../support/serve');
const { turns } = require('../support/session');

const CONNECTIONS = 30;

/** Opens raw clients, and returns them with the server's sockets. */
async function openMany(t, wss, port, count = CONNECTIONS) {
  const pairs = [];

  for (let i = 0; i < count; i++) {
    const connected = once(wss, 'connection');
    const client = await open(t, port);
    const [ws] = await connected;
    pairs.push({ client, ws });
  }

  return pairs;
}

/** Resolves when all sockets have emitted an event, so often. */
function all(sockets, event, times = 1) {
  return Promise.all(
    sockets.map(
      (ws) =>
        new Promise((resolve) => {
          let left = times;
          ws.on(event, () => {
            if (--left === 0) resolve();
          });
        })
    )
  );
}

contract(
  "enterWith() in one connection's 'message' listener is not seen by the next's (rule 7)",
  async ({ lib, log, t }) => {
    const als = new AsyncLocalStorage();
    const { port, wss } = await serve(t, lib);
    const pairs = await openMany(t, wss, port);
    const done = all(
      pairs.map(({ ws }) => ws),
      'message',
      3
    );
    const seen = pairs.map(() => []);

    pairs.forEach(({ ws }, i) => {
      ws.on('message', async () => {
        const before = als.getStore();
        als.enterWith(`user ${i}`);
        const after = als.getStore();
        await null;
        const continued = als.getStore();
        await new Promise(setImmediate);
        seen[i].push([before, after, continued, als.getStore()]);
      });
    });

    // Written in one go, so that all are in one batch; three messages each.
    for (const { client } of pairs) {
      const message = frame(0x81, 'hello');
      client.send(Buffer.concat([message, message, message]));
    }
    await done;
    await turns();
    for (const entries of seen) log(entries);
  },
  (log) => {
    log.forEach(([entries], i) => {
      const own = `user ${i}`;
      assert.strictEqual(entries.length, 3);
      assert.deepStrictEqual(entries[0], [undefined, own, own, own]);
    });
  }
);

contract(
  "what one connection's listener entered is gone in the next batch of the others (rule 7)",
  async ({ lib, log, t }) => {
    const als = new AsyncLocalStorage();
    const { port, wss } = await serve(t, lib);
    const pairs = await openMany(t, wss, port, 3);
    const [first, second, third] = pairs;

    first.ws.on('message', () => als.enterWith('first'));
    second.ws.on('message', () => log('second', als.getStore()));
    third.ws.on('ping', () => log('third', als.getStore()));

    for (let i = 0; i < 3; i++) {
      const done = [once(first.ws, 'message'), once(second.ws, 'message')];
      done.push(once(third.ws, 'ping'));
      first.client.send(frame(0x81, 'one'));
      second.client.send(frame(0x81, 'two'));
      third.client.send(frame(0x89, 'three'));
      await Promise.all(done);
    }
  },
  (log) => {
    assert.strictEqual(log.length, 6);
    for (const [, store] of log) assert.strictEqual(store, undefined);
  }
);

for (const event of ['ping', 'pong', 'error', 'close']) {
  contract(
    `enterWith() in one connection's '${event}' listener is not seen by the next's (rule 7)`,
    async ({ lib, log, t }) => {
      const als = new AsyncLocalStorage();
      const { port, wss } = await serve(t, lib);
      const pairs = await openMany(t, wss, port);
      const sockets = pairs.map(({ ws }) => ws);
      const done = all(sockets, event);
      const bytes = {
        ping: frame(0x89, 'ping'),
        pong: frame(0x8a, 'pong'),
        error: Buffer.from('8100', 'hex'),
        close: frame(0x88)
      };

      pairs.forEach(({ ws }, i) => {
        if (event !== 'error') ws.on('error', () => {});
        ws.on(event, () => {
          log(als.getStore());
          als.enterWith(`user ${i}`);
        });
      });
      for (const { client } of pairs) {
        client.send(bytes[event]);
        if (event === 'close') client.socket.end();
      }
      await done;
    },
    (log) => assert.deepStrictEqual(log, Array(CONNECTIONS).fill([undefined]))
  );
}

contract(
  "als.run() around handleUpgrade() is seen in 'connection', and not later (rule 7)",
  async ({ lib, log, t }) => {
    const als = new AsyncLocalStorage();
    const server = http.createServer();
    const wss = new lib.WebSocketServer({ noServer: true });
    t.after(() => {
      for (const ws of wss.clients) ws.terminate();
    });

    server.on('upgrade', (req, socket, head) => {
      als.run('upgrade', () => {
        wss.handleUpgrade(req, socket, head, (ws) => {
          log('callback', als.getStore());
          wss.emit('connection', ws);
        });
      });
    });
    const closed = new Promise((resolve) => {
      wss.on('connection', (ws) => {
        log('connection', als.getStore());
        for (const event of ['message', 'ping', 'pong', 'close']) {
          ws.on(event, () => log(event, als.getStore()));
        }
        ws.on('close', resolve);
      });
    });
    const port = await listen(t, server);
    const client = await open(t, port);

    client.send(
      Buffer.concat([frame(0x81), frame(0x89), frame(0x8a), frame(0x88)])
    );
    await client.readToEnd();
    client.socket.end();
    await closed;
  }
);

contract(
  "als.run() around listen() is what 'message' listeners see, or not, as under ws (rule 7)",
  async ({ lib, log, t }) => {
    const als = new AsyncLocalStorage();
    const { port, wss } = await als.run('listen', () => serve(t, lib));
    const connected = als.run('connect', () => once(wss, 'connection'));
    const client = await open(t, port);
    const [ws] = await connected;

    ws.on('message', () => log('message', als.getStore()));
    client.send(frame(0x81));
    await once(ws, 'message');
  }
);

contract(
  'a callback of send() sees the context of send(), not that of the connection (rule 7)',
  async ({ lib, log, t }) => {
    const als = new AsyncLocalStorage();
    const { port, wss } = await serve(t, lib);
    const [{ client, ws }] = await openMany(t, wss, port, 1);
    const sent = (store, data) =>
      new Promise((resolve) => {
        als.run(store, () => {
          ws.send(data, () => {
            log(als.getStore());
            resolve();
          });
        });
      });

    await Promise.all([sent('one', 'a'), sent('two', 'b')]);
    await sent('large', Buffer.alloc(20_000));

    const late = [];
    ws.on('message', () => late.push(sent('three', 'c'), sent('four', 'd')));
    client.send(frame(0x81));
    await once(ws, 'message');
    await Promise.all(late);
  },
  (log) =>
    assert.deepStrictEqual(log, [
      ['one'],
      ['two'],
      ['large'],
      ['three'],
      ['four']
    ])
);

contract(
  'timers and promises that a listener starts keep its context (rule 7)',
  async ({ lib, log, t }) => {
    const als = new AsyncLocalStorage();
    const { port, wss } = await serve(t, lib);
    const pairs = await openMany(t, wss, port, 10);
    const results = pairs.map(
      ({ ws }, i) =>
        new Promise((resolve) => {
          ws.on('message', () => {
            als.run(i, async () => {
              await new Promise((done) => setTimeout(done, 1));
              await new Promise((done) => ws.send('reply', done));
              resolve(als.getStore());
            });
          });
        })
    );

    for (const { client } of pairs) client.send(frame(0x81));
    log(await Promise.all(results));
  },
  (log) => assert.deepStrictEqual(log, [[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]])
);
