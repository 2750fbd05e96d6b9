'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { RawServer, readMasked } = require('../support/raw-server');
const { after, dial, follow, link } = require('./support');

const SIZES = [0, 1, 4, 5, 125, 126, 127, 65535, 65536, 1000003];

/** Ends a conversation from the server's side, and waits for the client's end. */
async function finish(peer, closed) {
  peer.send('8802 03e8');
  await readMasked(peer);
  peer.socket.end();
  await closed;
}

suite("a client's frames are masked (RFC 6455 §5.3)", () => {
  contract(
    'of all kinds and sizes',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const { peer, ws } = await link({ lib, t }, raw);
      const closed = follow(ws, () => {});

      for (const size of SIZES) {
        for (const payload of [
          'é'.repeat(size >> 1),
          Buffer.alloc(size, 'ab')
        ]) {
          ws.send(payload);
          const { first, key, payload: received } = await readMasked(peer);
          log(first, key.length, received.equals(Buffer.from(payload)));
        }
      }
      for (const call of [
        () => ws.ping(),
        () => ws.ping('ping'),
        () => ws.pong(Buffer.alloc(125, 'p')),
        () => ws.send('one', { fin: false }),
        () => ws.send('two', { fin: false }),
        () => ws.send(Buffer.from('three')),
        () => ws.send('text', { binary: true }),
        () => ws.close(3000, 'reason')
      ]) {
        call();
        const { first, key, payload } = await readMasked(peer);
        log(first, key.length, payload);
      }
      peer.send('8802 0bb8');
      await closed;
    },
    (log) => {
      assert.deepStrictEqual(log[0], [0x81, 4, true]);
      assert.deepStrictEqual(log.at(-1), [0x88, 4, 'Buffer 0bb8726561736f6e']);
    }
  );

  contract(
    'as are the answers to ping and close',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const { peer, ws } = await link({ lib, t }, raw);
      const closed = follow(ws, log);
      peer.send('8905 68656c6c6f');
      const pong = await readMasked(peer);
      log(pong.first, pong.key.length, pong.payload);
      peer.send('8806 0fa0 62796521');
      const close = await readMasked(peer);
      log(close.first, close.key.length, close.payload);
      await closed;
    },
    (log) => assert.deepStrictEqual(log[1], [0x8a, 4, 'Buffer 68656c6c6f'])
  );

  contract(
    'each with a key of its own',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const keys = new Set();

      for (let i = 0; i < 2; i++) {
        const { peer, ws } = await link({ lib, t }, raw);
        const closed = follow(ws, () => {});
        for (let j = 0; j < 500; j++) ws.send('x');
        for (let j = 0; j < 500; j++) {
          keys.add((await readMasked(peer)).key.toString('hex'));
        }
        await finish(peer, closed);
      }
      // Of 1 000 random keys of 32 bits, two may be the same: more than three are not.
      log(keys.size >= 997);
    },
    (log) => assert.deepStrictEqual(log, [[true]])
  );

  contract(
    'but not the buffer that was sent (WS-CONTRACT 11)',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const { peer, ws } = await link({ lib, t }, raw);
      const closed = follow(ws, () => {});

      for (const size of [4, 1000, 20000, 100000]) {
        for (const make of [
          (bytes) => bytes,
          (bytes) => new Uint8Array(bytes).buffer,
          (bytes) => new Uint16Array(new Uint8Array(bytes).buffer),
          (bytes) => new DataView(new Uint8Array(bytes).buffer)
        ]) {
          const data = make(Buffer.alloc(size, 'data'));
          ws.send(data);
          const { payload } = await readMasked(peer);
          const view = Buffer.from(
            data.buffer ?? data,
            data.byteOffset ?? 0,
            size
          );
          log(payload.equals(Buffer.alloc(size, 'data')), view.equals(payload));
        }
      }
      await finish(peer, closed);
    },
    (log) => assert.ok(log.every(([sent, kept]) => sent && kept))
  );

  contract('unless mask is false', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const { peer, ws } = await link({ lib, t }, raw);
    const closed = follow(ws, () => {});

    for (const [mask, call] of [
      [false, () => ws.send('a', { mask: false })],
      [true, () => ws.send('b', { mask: true })],
      [true, () => ws.send('c', {})],
      [false, () => ws.send('d', { mask: undefined })],
      [false, () => ws.ping('e', false)],
      [true, () => ws.ping('f', true)],
      [true, () => ws.pong('g', undefined)],
      [false, () => ws.send(Buffer.alloc(70000), { mask: false })]
    ]) {
      call();
      const { first, key, payload } = await readMasked(peer);
      log(mask, first, key !== null, payload);
    }
    await finish(peer, closed);
  });
});

suite('generateMask (WS-CONTRACT 29)', () => {
  contract(
    'is given four bytes to fill, for each masked frame',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      let calls = 0;
      const { peer, ws } = await link({ lib, t }, raw, {
        generateMask(...args) {
          log(args.length, Buffer.isBuffer(args[0]), args[0].length);
          args[0].writeUInt32BE(0x01020304 + calls++);
        }
      });
      const closed = follow(ws, () => {});

      for (const call of [
        () => ws.send(''),
        () => ws.send('text'),
        () => ws.send(Buffer.from('bytes')),
        () => ws.send(Buffer.alloc(300, 'b')),
        () => ws.send(Buffer.alloc(70000, 'c')),
        () => ws.ping('ping'),
        () => ws.pong(),
        () => ws.send('plain', { mask: false }),
        () => ws.close(1001, 'bye')
      ]) {
        call();
        const { first, key, payload } = await readMasked(peer);
        log(first, key, payload.subarray(0, 8), payload.length);
      }
      peer.send('8802 03e9');
      await closed;
      log(calls);
    },
    (log) => {
      assert.deepStrictEqual(log[1], [0x81, 'Buffer 01020304', 'Buffer ', 0]);
      assert.deepStrictEqual(log.at(-1), [8]);
    }
  );

  contract('may leave a key of zeros', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const { peer, ws } = await link({ lib, t }, raw, {
      generateMask: (mask) => mask.fill(0)
    });
    const closed = follow(ws, () => {});

    for (const data of [
      '',
      'text',
      Buffer.alloc(200, 'b'),
      Buffer.alloc(70000)
    ]) {
      ws.send(data);
      const { first, key, payload } = await readMasked(peer);
      log(first, key, payload.equals(Buffer.from(data)));
    }
    await finish(peer, closed);
  });

  contract('and the buffer that was sent stays', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const { peer, ws } = await link({ lib, t }, raw, {
      generateMask: (mask) => mask.fill(0xff)
    });
    const closed = follow(ws, () => {});

    for (const size of [3, 70000]) {
      const data = Buffer.alloc(size, 'a');
      ws.send(data);
      const { payload } = await readMasked(peer);
      log(payload.equals(data), data.equals(Buffer.alloc(size, 'a')));
    }
    await finish(peer, closed);
  });

  contract('that throws: so does send()', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    let fails = false;
    const { peer, ws } = await link({ lib, t }, raw, {
      generateMask(mask) {
        if (fails) throw new Error('no random bytes');
        mask.fill(7);
      }
    });
    const closed = follow(ws, log);
    fails = true;
    for (const name of ['send', 'ping', 'pong']) {
      try {
        ws[name]('x');
      } catch (error) {
        log(name, error);
      }
    }
    fails = false;
    ws.send('y');
    const { first, payload } = await readMasked(peer);
    log(first, payload, ws.readyState);
    await finish(peer, closed);
  });
});

suite('behind the 101, in one segment (WS-CONTRACT 1)', () => {
  contract(
    'come messages, after open',
    async ({ lib, log, t }) => {
      for (const behind of [
        '8105 68656c6c6f',
        '8105 68656c6c6f 8202 0102 8904 70696e67',
        // Half a frame, half a message.
        '8105 6865',
        '0103 616263 8003 646566'
      ]) {
        const raw = await RawServer.start(t);
        const ws = dial({ lib, t }, raw.port);
        const closed = follow(ws, log);
        const peer = await raw.upgrade({ behind });
        await after(ws, 'open');
        if (behind === '8105 6865') peer.send('6c6c6f');
        peer.send('8802 03e8');
        await closed;
      }
    },
    (log) =>
      assert.deepStrictEqual(
        log.slice(0, 3).map(([event]) => event),
        ['upgrade', 'open', 'message']
      )
  );

  contract('are heard by who listens in open', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    ws.on('open', () => ws.on('message', (data) => log(data)));
    const closed = after(ws, 'close');
    await raw.upgrade({ behind: '8105 68656c6c6f 8102 6869 8800' });
    await closed;
  });

  contract('comes a close frame, or an error', async ({ lib, log, t }) => {
    for (const behind of [
      '8800',
      '8804 0fa0 6869',
      '8100 8300',
      '8180 00000000'
    ]) {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      const closed = follow(ws, log);
      const peer = await raw.upgrade({ behind });
      const { first, payload } = await readMasked(peer);
      log(first, payload);
      peer.socket.end();
      await closed;
    }
  });

  contract('comes the end of the connection', async ({ lib, log, t }) => {
    for (const [behind, leave] of [
      ['', 'end'],
      ['8105 68656c6c6f', 'end'],
      ['8105 68656c', 'end'],
      ['8802 03e8', 'end']
    ]) {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      const closed = follow(ws, log);
      const { socket } = await raw.upgrade({ behind });
      socket[leave]();
      await closed;
    }
  });

  contract('comes a reset', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    const closed = follow(ws, log);
    const peer = await raw.upgrade();
    await after(ws, 'open');
    peer.reset();
    await closed;
  });

  contract('close() in the listener of open', async ({ lib, log, t }) => {
    for (const method of ['close', 'terminate']) {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      const closed = follow(ws, log);
      ws.on('open', () => ws[method]());
      const peer = await raw.upgrade();
      if (method === 'close') {
        const { first, payload } = await readMasked(peer);
        log(first, payload);
        peer.send('8800');
      }
      log(await peer.readToEnd());
      await closed;
    }
  });
});
