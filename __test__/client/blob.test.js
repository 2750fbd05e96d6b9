'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { suite } = require('node:test');

const { Child } = require('../support/child');
const { contract } = require('../support/contract');
const { RawServer, readMasked } = require('../support/raw-server');
const { pair } = require('../support/serve');
const { turns } = require('../support/session');
const { dial, follow, link, thrown } = require('./support');

/** A `Blob` whose bytes come when the test says so: `resolve(bytes)` or `reject(error)`. */
function slowBlob(size) {
  const { promise, ...settle } = withResolvers();
  return {
    arrayBuffer: () => promise,
    size,
    stream() {},
    type: '',
    [Symbol.toStringTag]: 'Blob',
    resolve: (text) => settle.resolve(new Uint8Array(Buffer.from(text)).buffer),
    reject: settle.reject
  };
}

function withResolvers() {
  const all = {};
  all.promise = new Promise((resolve, reject) => {
    all.resolve = resolve;
    all.reject = reject;
  });
  return all;
}

/** Runs a scenario with each role: the sender `ws`, and `peer`, which is raw. */
function inBothRoles(title, scenario, check) {
  contract(
    `${title}, as a client`,
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      await scenario({ log, t, ...(await link({ lib, t }, raw)) });
    },
    check
  );
  contract(
    `${title}, as a server`,
    async ({ lib, log, t }) => {
      const { client, ws } = await pair(t, lib);
      await scenario({ log, t, peer: client, ws });
    },
    check
  );
}

/** Reads and logs so many frames. */
async function logFrames(peer, log, count) {
  for (let i = 0; i < count; i++) {
    const { first, payload } = await readMasked(peer);
    log('frame', first, payload);
  }
}

const frames = (log) =>
  log
    .filter(([event]) => event === 'frame')
    .map(([, first, payload]) => [
      first,
      Buffer.from(payload.slice(7), 'hex').toString()
    ]);

suite('a Blob is sent (WS-CONTRACT 11, 15)', () => {
  inBothRoles(
    'in its order among sends, pings, pongs and close()',
    async ({ log, peer, ws }) => {
      const closed = follow(ws, log);
      const sent = (name) => (error) => log('sent', name, error ?? null);

      ws.send('before', sent(1));
      ws.send(new Blob(['one ', 'blob']), sent(2));
      ws.send('text', sent(3));
      ws.send(Buffer.from('bytes'), sent(4));
      ws.ping('ping', undefined, sent(5));
      ws.send(new Blob(['two']), sent(6));
      ws.pong(new Blob(['pong']), undefined, sent(7));
      ws.ping(new Blob(['blob ping']), undefined, sent(8));
      ws.send('', sent(9));
      ws.close(1000, 'bye');
      log(ws.readyState);
      ws.send('too late', sent(10));
      await logFrames(peer, log, 10);
      peer.send(peer.response ? '8882 00000000 03e8' : '8802 03e8');
      peer.socket.end();
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(frames(log), [
        [0x81, 'before'],
        [0x82, 'one blob'],
        [0x81, 'text'],
        [0x82, 'bytes'],
        [0x89, 'ping'],
        [0x82, 'two'],
        [0x8a, 'pong'],
        [0x89, 'blob ping'],
        [0x81, ''],
        [0x88, '\x03\ufffdbye']
      ])
  );

  inBothRoles(
    'as a File, an empty one, text, a fragment, and a large one',
    async ({ log, peer, ws }) => {
      ws.send(new Blob([]));
      ws.send(new Blob(['text']), { binary: false });
      ws.send(new Blob(['a']), { fin: false });
      ws.send(new Blob(['b']), { fin: false });
      ws.send('c');
      ws.send(new Blob(['d']));
      if (globalThis.File) ws.send(new File(['file'], 'name'));
      else ws.send(new Blob(['file']));
      await logFrames(peer, log, 7);

      const large = Buffer.alloc(300000, 'large');
      ws.send(new Blob([large]));
      ws.send('behind');
      const { payload } = await readMasked(peer);
      log(payload.equals(large));
      await logFrames(peer, log, 1);
      ws.terminate();
    },
    (log) =>
      assert.deepStrictEqual(frames(log).slice(0, 6), [
        [0x82, ''],
        [0x81, 'text'],
        [0x02, 'a'],
        [0x00, 'b'],
        [0x80, 'c'],
        [0x82, 'd']
      ])
  );

  inBothRoles(
    'and counts in bufferedAmount until it was read and written',
    async ({ log, peer, ws }) => {
      const blob = slowBlob(5);
      log(ws.bufferedAmount);
      ws.send(blob, () => log('blob', ws.bufferedAmount));
      log(ws.bufferedAmount);
      ws.send('é€', () => log('text', ws.bufferedAmount));
      log(ws.bufferedAmount);
      ws.ping(Buffer.alloc(100));
      log(ws.bufferedAmount);
      const second = slowBlob(3);
      ws.send(second);
      log(ws.bufferedAmount);
      ws.close(1000, 'r');
      log(ws.bufferedAmount);
      await turns();
      log('waits', ws.bufferedAmount);
      blob.resolve('bytes');
      await logFrames(peer, log, 3);
      await turns();
      log('waits', ws.bufferedAmount);
      second.resolve('xyz');
      await logFrames(peer, log, 2);
      await turns();
      log(ws.bufferedAmount);
      ws.terminate();
    },
    (log) =>
      assert.deepStrictEqual(
        log.slice(0, 7).map((entry) => entry.at(-1)),
        [0, 5, 10, 110, 113, 116, 116]
      )
  );

  inBothRoles('as a control frame of at most 125 bytes', ({ log, ws }) => {
    for (const name of ['ping', 'pong']) {
      log(thrown(() => ws[name](new Blob([Buffer.alloc(126)]))));
      log(thrown(() => ws[name](new Blob([Buffer.alloc(125)]))));
    }
    log(ws.bufferedAmount, ws.readyState);
    ws.terminate();
  });

  contract('with generateMask, too', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const { peer, ws } = await link({ lib, t }, raw, {
      generateMask: (mask) => mask.fill(1)
    });
    ws.send(new Blob(['blob']));
    ws.send('text');
    for (let i = 0; i < 2; i++) {
      const { first, key, payload } = await readMasked(peer);
      log(first, key, payload);
    }
    ws.terminate();
  });

  contract('not while CONNECTING', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    const closed = follow(ws, () => {});
    log(thrown(() => ws.send(new Blob(['x']))));
    ws.close();
    await closed;
    ws.send(new Blob(['four']), (error) => log(error));
    log(ws.bufferedAmount);
    await turns();
  });
});

suite('a Blob that cannot be read (WS-CONTRACT 15)', () => {
  inBothRoles(
    "gives its error to all callbacks that wait, and to 'error'",
    async ({ log, peer, ws }) => {
      const closed = follow(ws, log);
      const blob = slowBlob(3);
      const sent = (name) => (error) => log('sent', name, error, ws.readyState);

      ws.send('before');
      ws.send(blob, sent('blob'));
      ws.send('behind', sent('behind'));
      ws.send(new Blob(['more']));
      ws.ping('x', undefined, sent('ping'));
      await logFrames(peer, log, 1);
      blob.reject(new Error('unreadable'));
      // No frame follows: FIN does, and the peer may still send.
      log(await peer.readToEnd(), ws.readyState);
      peer.socket.end();
      await closed;
      log(ws.bufferedAmount);
    },
    (log) => {
      const events = log.map(([event]) => event);
      assert.strictEqual(events.filter((event) => event === 'sent').length, 3);
      assert.ok(events.indexOf('error') > events.lastIndexOf('sent'));
      assert.strictEqual(
        log.find(([event]) => event === 'error')[1].message,
        'unreadable'
      );
    }
  );

  inBothRoles('behind which close() was called', async ({ log, peer, ws }) => {
    const closed = follow(ws, log);
    const blob = slowBlob(3);
    ws.send(blob, (error) => log('sent', error, ws.readyState));
    ws.close(1000);
    blob.reject(new Error('unreadable'));
    log(await peer.readToEnd());
    peer.socket.end();
    await closed;
  });

  contract(
    'ends the connection after closeTimeout, if the peer does not',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const { peer, ws } = await link({ lib, t }, raw, { closeTimeout: 50 });
      const closed = follow(ws, log);
      const blob = slowBlob(3);
      // It does not answer FIN by itself.
      peer.socket.allowHalfOpen = true;
      ws.send(blob);
      blob.reject(new Error('unreadable'));
      log(await peer.readToEnd());
      await closed;
      log(ws.readyState);
    }
  );

  inBothRoles('as its file was changed', async ({ log, peer, t, ws }) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, 'before');
    const blob = await fs.openAsBlob(file);
    fs.writeFileSync(file, 'changed since');

    const closed = follow(ws, ({ length }) => log(length));
    ws.on('error', ({ name }) => log('error', name));
    ws.send(blob, ({ name }) => log('sent', name));
    log(await peer.readToEnd());
    peer.socket.end();
    await closed;
  });
});

suite('the connection ends while a Blob is read (WS-CONTRACT 15)', () => {
  for (const [how, end] of [
    ['terminate()', ({ ws }) => ws.terminate()],
    ["the peer's reset", ({ peer }) => peer.reset()]
  ]) {
    inBothRoles(
      `by ${how}`,
      async ({ log, peer, ws }) => {
        const closed = follow(ws, log);
        const blob = slowBlob(3);
        const sent = (name) => (error) => log('sent', name, error);
        ws.send(blob, sent('blob'));
        ws.send('behind', sent('behind'));
        ws.send('without');
        end({ peer, ws });
        await closed;
        blob.resolve('abc');
        await turns();
        log(ws.bufferedAmount);
      },
      (log) => {
        const sent = log.filter(([event]) => event === 'sent');
        assert.deepStrictEqual(
          sent.map(([, name, { message }]) => [name, message]),
          ['blob', 'behind'].map((name) => [
            name,
            'The socket was closed while the blob was being read'
          ])
        );
      }
    );
  }

  inBothRoles('and it cannot be read then', async ({ log, ws }) => {
    const closed = follow(ws, log);
    const blob = slowBlob(3);
    ws.send(blob, (error) => log('sent', error));
    ws.terminate();
    await closed;
    blob.reject(new Error('unreadable'));
    await turns();
    log(ws.readyState);
  });

  inBothRoles(
    'by the closing handshake of the peer, which waits for it',
    async ({ log, peer, ws }) => {
      const closed = follow(ws, log);
      const blob = slowBlob(3);
      ws.send(blob, (error) => log('sent', error ?? null));
      peer.send(peer.response ? '8882 00000000 03e8' : '8802 03e8');
      while (ws.readyState === 1) await turns(1);
      blob.resolve('abc');
      await logFrames(peer, log, 2);
      peer.socket.end();
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(
        frames(log).map(([first]) => first),
        [0x82, 0x88]
      )
  );
});

contract(
  'the error of a callback of a Blob that was read is an uncaughtException',
  async ({ log, name, t }) => {
    const child = new Child(t, name, ({ lib, say }) => {
      const wss = new lib.WebSocketServer({ port: 0 }, () => {
        const ws = new lib(`ws://localhost:${wss.address().port}`);
        ws.on('open', () => {
          ws.send(new Blob(['x']), () => {
            throw new Error('from the callback');
          });
        });
      });
      process.on('uncaughtException', ({ message }) => {
        say(message);
        process.exit();
      });
      process.on('unhandledRejection', () => say('rejection'));
    });
    log(await child.next());
    log(await child.end());
  },
  (log) => assert.deepStrictEqual(log[0], ['from the callback'])
);
