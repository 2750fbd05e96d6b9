'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { Duplex, pipeline } = require('node:stream');
const { suite } = require('node:test');

const { Child } = require('../support/child');
const { contract } = require('../support/contract');
const { RawServer, readMasked } = require('../support/raw-server');
const { serve } = require('../support/serve');
const { turns } = require('../support/session');
const { after, dial, link } = require('./support');

/** Logs the events of a stream, which is ended when it has ended; resolves after 'close'. */
function watch(duplex, log) {
  duplex.on('finish', () => log('finish'));
  duplex.on('end', () => {
    log('end');
    duplex.end();
  });
  duplex.on('error', (error) => log('error', error));
  return new Promise((resolve) => {
    duplex.on('close', () => {
      log('close', duplex.destroyed);
      resolve();
    });
  });
}

/** An open client, its raw peer, and the stream on it. */
async function open({ lib, t }, options) {
  const raw = await RawServer.start(t);
  const { peer, ws } = await link({ lib, t }, raw);
  return { duplex: lib.createWebSocketStream(ws, options), peer, ws };
}

suite('createWebSocketStream() (WS-CONTRACT 35)', () => {
  contract('returns a Duplex with the options', async ({ lib, log, t }) => {
    for (const options of [
      undefined,
      {},
      { highWaterMark: 7 },
      { readableObjectMode: true },
      { objectMode: true, writableObjectMode: true },
      { allowHalfOpen: false, autoDestroy: true, emitClose: true },
      { decodeStrings: false, encoding: 'utf8' },
      { readableHighWaterMark: 3, writableHighWaterMark: 4 }
    ]) {
      const { duplex, ws } = await open({ lib, t }, options);
      log(duplex instanceof Duplex, duplex.allowHalfOpen);
      log(duplex.readableObjectMode, duplex.writableObjectMode);
      log(duplex.readableHighWaterMark, duplex.writableHighWaterMark);
      log(duplex.readableEncoding);
      ws.terminate();
    }
  });

  contract(
    'makes a chunk of each message, and a message of each chunk',
    async ({ lib, log, t }) => {
      const { duplex, peer } = await open({ lib, t });
      const closed = watch(duplex, log);
      duplex.on('data', (chunk) => log('data', chunk));
      duplex.write('text', () => log('written'));
      duplex.write(Buffer.from('bytes'));
      duplex.write(Buffer.alloc(70000));
      for (let i = 0; i < 3; i++) {
        const { first, payload } = await readMasked(peer);
        log(first, payload.length, payload.subarray(0, 8));
      }
      peer.send('8104 74657874 8203 010203 8802 03e8');
      await closed;
    }
  );

  contract('gives strings in readableObjectMode', async ({ lib, log, t }) => {
    const options = { readableObjectMode: true };
    const { duplex, peer } = await open({ lib, t }, options);
    const closed = watch(duplex, log);
    duplex.on('data', (chunk) => log('data', chunk));
    peer.send('8104 74657874 8100 8203 010203 8802 03e8');
    await closed;
  });

  contract('keeps chunks while CONNECTING', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    const duplex = lib.createWebSocketStream(ws);
    const closed = watch(duplex, log);
    duplex.resume();
    duplex.write('one');
    duplex.write('two', () => log('written', ws.readyState));
    duplex.end('three');
    const peer = await raw.upgrade();
    for (let i = 0; i < 4; i++) {
      const { first, payload } = await readMasked(peer);
      log(first, payload);
    }
    peer.send('8800');
    await closed;
  });

  contract(
    'end() without a chunk while CONNECTING',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const duplex = lib.createWebSocketStream(dial({ lib, t }, raw.port));
      const closed = watch(duplex, log);
      duplex.resume();
      duplex.end();
      const peer = await raw.upgrade();
      const { first, payload } = await readMasked(peer);
      log(first, payload);
      peer.send('8800');
      await closed;
    }
  );

  contract(
    'end() closes; finish, end and close follow',
    async ({ lib, log, t }) => {
      const { duplex, peer, ws } = await open({ lib, t });
      const closed = watch(duplex, log);
      ws.on('close', (code) => log('ws close', code));
      duplex.resume();
      duplex.end('last');
      for (let i = 0; i < 2; i++) {
        const { first, payload } = await readMasked(peer);
        log(first, payload);
      }
      log(duplex.writableFinished);
      peer.send('8800');
      await closed;
    },
    (log) => {
      const names = log.map(([name]) => name);
      assert.ok(names.indexOf('finish') < names.indexOf('close'));
      assert.ok(names.indexOf('end') < names.indexOf('close'));
    }
  );

  contract(
    'end() of a peer that answers with a close frame and FIN: close follows, too',
    async ({ lib, log, t }) => {
      const { port } = await serve(t, lib);
      const duplex = lib.createWebSocketStream(dial({ lib, t }, port));
      const closed = watch(duplex, log);
      duplex.resume();
      duplex.end();
      await closed;
    },
    (log) => assert.deepStrictEqual(log, [['finish'], ['end'], ['close', true]])
  );

  contract('ends when the peer closes', async ({ lib, log, t }) => {
    const { duplex, peer } = await open({ lib, t });
    const closed = watch(duplex, log);
    duplex.resume();
    peer.send('8802 03e8');
    const { first, payload } = await readMasked(peer);
    log(first, payload);
    await closed;
  });

  contract('ends when the connection is lost', async ({ lib, log, t }) => {
    const { duplex, peer } = await open({ lib, t });
    duplex.on('data', (chunk) => log('data', chunk));
    const ended = after(duplex, 'end');
    peer.send('8102 6869');
    peer.socket.end();
    await ended;
    log(duplex.destroyed, duplex.writable);
    const closed = watch(duplex, log);
    duplex.end();
    await closed;
  });

  contract(
    'on a socket whose handshake fails',
    async ({ lib, log, t }) => {
      for (const write of [false, true]) {
        const raw = await RawServer.start(t);
        const ws = dial({ lib, t }, raw.port);
        const duplex = lib.createWebSocketStream(ws);
        const closed = watch(duplex, log);
        if (write) duplex.end('never');
        await raw.upgrade({ status: '403 No', headers: { Upgrade: null } });
        await closed;
      }
    },
    (log) =>
      assert.strictEqual(log[0][1].message, 'Unexpected server response: 403')
  );

  contract('on a socket that is closed', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const { peer, ws } = await link({ lib, t }, raw);
    peer.send('8800');
    await after(ws, 'close');
    const duplex = lib.createWebSocketStream(ws);
    const closed = watch(duplex, log);
    duplex.write('x', (error) => log(error ?? null));
    duplex.destroy();
    await closed;
  });
});

suite('errors and destroy() (WS-CONTRACT 35)', () => {
  contract(
    'an error of the peer is re-emitted, and its close frame gets out',
    async ({ lib, log, t }) => {
      const { duplex, peer } = await open({ lib, t });
      const closed = watch(duplex, log);
      duplex.resume();
      peer.send('8300');
      const { first, payload } = await readMasked(peer);
      log(first, payload);
      peer.socket.end();
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(
        log[0][1]?.code ?? log[1][1].code,
        'WS_ERR_INVALID_OPCODE'
      )
  );

  contract('destroy() terminates', async ({ lib, log, t }) => {
    for (const error of [undefined, null, new Error('mine')]) {
      const { duplex, peer, ws } = await open({ lib, t });
      const closed = watch(duplex, log);
      ws.on('close', (code) => log('ws close', code));
      duplex.destroy(error);
      log(ws.readyState, duplex.destroyed);
      await closed;
      log(await peer.readToEnd());
    }
  });

  contract('destroy() while CONNECTING', async ({ lib, log, t }) => {
    for (const error of [undefined, new Error('mine')]) {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      const duplex = lib.createWebSocketStream(ws);
      const closed = watch(duplex, log);
      duplex.write('never', () => log('written'));
      duplex.destroy(error);
      await closed;
    }
  });

  contract('destroy() twice, and in listeners', async ({ lib, log, t }) => {
    const { duplex, peer } = await open({ lib, t });
    const closed = watch(duplex, log);
    duplex.on('error', () => duplex.destroy());
    duplex.on('data', () => {
      duplex.destroy(new Error('in data'));
      duplex.destroy(new Error('again'));
    });
    peer.send('8102 6869 8102 6869');
    await closed;
  });

  contract(
    'destroy() after end(), while the peer does not answer',
    async ({ lib, log, t }) => {
      const { duplex, peer } = await open({ lib, t });
      const closed = watch(duplex, log);
      duplex.end();
      const { first } = await readMasked(peer);
      log(first);
      duplex.destroy();
      await closed;
    }
  );

  contract('terminate() of the socket', async ({ lib, log, t }) => {
    const { duplex, ws } = await open({ lib, t });
    const ended = after(duplex, 'end');
    duplex.resume();
    ws.terminate();
    await ended;
    const closed = watch(duplex, log);
    duplex.write('x', (error) => log(error));
    await closed;
  });

  contract(
    "without a listener of 'error': an uncaughtException",
    async ({ log, name, t }) => {
      const child = new Child(t, name, ({ lib, say, support }) => {
        const { RawServer } = support('raw-server');
        const t = { after() {} };
        process.on('uncaughtException', ({ code }) => {
          say(code);
          process.exit(3);
        });
        RawServer.start(t).then(async (raw) => {
          const ws = new lib(`ws://127.0.0.1:${raw.port}`, {
            perMessageDeflate: false
          });
          lib.createWebSocketStream(ws).resume();
          await raw.upgrade({ behind: '8300' });
        });
      });
      log(await child.next());
      log(await child.end());
    },
    (log) => assert.deepStrictEqual(log, [['WS_ERR_INVALID_OPCODE'], [3]])
  );
});

suite('backpressure of the stream (WS-CONTRACT 35)', () => {
  contract(
    'reading pauses the socket, and reading on resumes it',
    async ({ lib, log, t }) => {
      const { duplex, peer, ws } = await open({ lib, t }, { highWaterMark: 4 });
      peer.send('8202 0101 8203 020202 8201 03');
      while (!ws.isPaused) await turns(1);
      log(ws.isPaused, duplex.readableLength >= 4);
      const chunks = [];
      duplex.on('data', (chunk) => chunks.push(chunk));
      const closed = watch(duplex, log);
      peer.send('8802 03e8');
      await closed;
      log(Buffer.concat(chunks), ws.isPaused);
    },
    (log) => assert.deepStrictEqual(log[0], [true, true])
  );

  contract('writing waits for the peer', async ({ lib, log, t }) => {
    const { duplex, peer, ws } = await open({ lib, t });
    const closed = watch(duplex, () => {});
    const SIZE = 32 << 20;
    peer.socket.pause();
    log(duplex.write(Buffer.alloc(SIZE), () => log('written')));
    log(duplex.write('x'));
    await turns();
    log(duplex.writableNeedDrain, ws.bufferedAmount > 0);
    const drained = once(duplex, 'drain');
    peer.socket.removeAllListeners('data');
    peer.socket.on('data', () => {});
    peer.socket.resume();
    await drained;
    log('drain', ws.bufferedAmount);
    duplex.destroy();
    await closed;
  });

  contract('megabytes are piped through both ways', async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    wss.on('connection', (ws) => {
      const echo = lib.createWebSocketStream(ws);
      pipeline(echo, echo, () => {});
    });
    const duplex = lib.createWebSocketStream(dial({ lib, t }, port));
    const sent = Buffer.alloc(5 << 20);
    for (let i = 0; i < sent.length; i += 997) sent[i] = i;
    const chunks = [];
    let left = sent.length;
    const received = new Promise((resolve) => {
      duplex.on('data', (chunk) => {
        chunks.push(chunk);
        left -= chunk.length;
        if (left === 0) resolve();
      });
    });
    for (let i = 0; i < sent.length; i += 100000) {
      duplex.write(sent.subarray(i, i + 100000));
    }
    await received;
    log(Buffer.concat(chunks).equals(sent));
    const closed = watch(duplex, log);
    duplex.end();
    await closed;
  });
});
