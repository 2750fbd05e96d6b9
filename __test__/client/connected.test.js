'use strict';

// What a client does with an open connection. A server does the same, and is tested thoroughly in
// websocket/; here is what depends on the role.

const assert = require('node:assert');
const { once } = require('node:events');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { RawServer, readMasked } = require('../support/raw-server');
const { record, turns } = require('../support/session');
const { link } = require('./support');

const MIB = 1024 * 1024;

/** A client and its raw server, both connected; `closed` resolves after `'close'`. */
async function connect(scenario, options) {
  const raw = await RawServer.start(scenario.t);
  const both = await link(scenario, raw, options);
  const closed = new Promise((resolve) => both.ws.on('close', resolve));
  return { ...both, closed };
}

/** Resolves when a server has the answer to a ping: the client has seen all before it. */
async function seen(peer) {
  peer.send('8901 21');
  for (;;) {
    const { first, payload } = await readMasked(peer);
    if (first === 0x8a && String(payload) === '!') return;
  }
}

suite('sends of a client (WS-CONTRACT 12, 13, 14)', () => {
  contract(
    'call back in order, and bufferedAmount is 0 again',
    async (scenario) => {
      const { log } = scenario;
      const { peer, ws } = await connect(scenario);
      const sizes = [0, 1, 126, 16_383, 16_384, 70_000];
      const all = sizes.map(
        (size, i) =>
          new Promise((resolve) => {
            ws.send(Buffer.alloc(size, i), (error) => resolve(log(i, error)));
          })
      );

      log('returned');
      for (let i = 0; i < sizes.length; i++) {
        const { first, payload } = await readMasked(peer);
        log(first, payload.length, new Set(payload));
      }
      await Promise.all(all);
      log(ws.bufferedAmount);
    },
    (log) => assert.deepStrictEqual(log[0], ['returned'])
  );

  contract(
    'grow bufferedAmount while the server does not read, and end a loop on it',
    async (scenario) => {
      const { log } = scenario;
      const { peer, ws } = await connect(scenario);
      peer.socket.pause();
      let count = 0;
      while (ws.bufferedAmount === 0 && count < 100) {
        ws.send(Buffer.alloc(MIB));
        count++;
      }
      log(count < 100, ws.bufferedAmount > 0);
    },
    (log) => assert.deepStrictEqual(log, [[true, true]])
  );

  for (const how of ['terminate', 'destroy', 'reset']) {
    contract(
      `that are pending when it dies by ${how} get an error, each once, in order`,
      async (scenario) => {
        const { log } = scenario;
        const { closed, peer, ws } = await connect(scenario);
        const entries = [];

        peer.socket.pause();
        ws.on('error', (error) => entries.push(['error', error]));
        for (let i = 0; i < 4; i++) {
          ws.send(Buffer.alloc(8 * MIB), (error) =>
            // The kernel may have taken what is left of the first.
            entries.push([i, i === 0 || error instanceof Error])
          );
        }
        ws.ping((error) => entries.push(['ping', error instanceof Error]));
        await turns();
        if (how === 'terminate') ws.terminate();
        else if (how === 'destroy') ws._socket.destroy();
        else peer.reset();
        await closed;
        await turns();
        // A stream may say after 'close' what became of a write.
        log(...entries.map(String));
      },
      ([entries]) =>
        assert.deepStrictEqual(entries, [
          '0,true',
          '1,true',
          '2,true',
          '3,true',
          'ping,true'
        ])
    );
  }

  contract(
    'after close() call back with an error, and count in bufferedAmount',
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await connect(scenario);
      ws.close(3000);
      for (const method of ['send', 'ping', 'pong']) {
        const error = await new Promise((resolve) =>
          ws[method]('late', resolve)
        );
        log(method, error, ws.bufferedAmount >= 4);
      }
      log((await readMasked(peer)).payload);
      peer.send('8802 0bb8');
      peer.socket.end();
      await closed;
    }
  );
});

suite('pings to a client (WS-CONTRACT 16)', () => {
  contract(
    "are answered, masked, before 'ping' is emitted",
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await connect(scenario);
      ws.on('ping', (data) => {
        log('ping', data);
        ws.close(4000, 'enough');
      });
      peer.send('8902 6869');
      for (let i = 0; i < 2; i++) {
        const { first, key, payload } = await readMasked(peer);
        log(first, key !== null, payload);
      }
      peer.send('8802 0fa0');
      peer.socket.end();
      await closed;
    },
    (log) => assert.deepStrictEqual(log[1], [0x8a, true, 'Buffer 6869'])
  );
});

suite('a client that is paused (WS-CONTRACT 18)', () => {
  contract(
    'emits nothing, and all of it after resume()',
    async (scenario) => {
      const { log } = scenario;
      const { peer, ws } = await connect(scenario);
      const witness = await connect(scenario);
      record(ws, log);
      ws.pause();
      log(ws.isPaused);
      peer.send('8101 61 8901 62 8202 0102');
      for (let i = 0; i < 3; i++) await seen(witness.peer);
      await turns();
      log('resumed');
      const message = new Promise((resolve) =>
        ws.on('message', (data, isBinary) => isBinary && resolve())
      );
      ws.resume();
      log(ws.isPaused);
      await message;
    },
    (log) =>
      assert.deepStrictEqual(
        log.map(([name]) => name),
        [true, 'resumed', false, 'message', 'ping', 'message']
      )
  );

  contract('sends and closes all the same', async (scenario) => {
    const { log } = scenario;
    const { closed, peer, ws } = await connect(scenario);
    record(ws, log);
    ws.pause();
    ws.send('sent');
    log((await readMasked(peer)).payload);
    ws.close(1000);
    log((await readMasked(peer)).payload);
    ws.resume();
    peer.send('8802 03e8');
    peer.socket.end();
    await closed;
  });
});

suite('the end of a client (WS-CONTRACT 21, 23, 24, 26)', () => {
  contract('by close() with codes and reasons', async (scenario) => {
    const { log } = scenario;
    for (const args of [[], [1000], [1000, 'bye'], [4999, 'é'.repeat(61)]]) {
      const { closed, peer, ws } = await connect(scenario);
      record(ws, log);
      ws.onclose = ({ wasClean }) => log('wasClean', wasClean);
      ws.close(...args);
      const { first, payload } = await readMasked(peer);
      log(first, payload);
      peer.send(Buffer.concat([Buffer.from([0x88, payload.length]), payload]));
      peer.socket.end();
      await closed;
    }
  });

  contract('not by what close() throws for', async (scenario) => {
    const { log } = scenario;
    const { ws } = await connect(scenario);
    for (const args of [[1004], [1006], [999], [1000, 'a'.repeat(124)]]) {
      try {
        ws.close(...args);
        log('closed');
      } catch (error) {
        log(error, ws.readyState);
      }
    }
  });

  contract(
    'by the server: its code is answered, and the client waits for its FIN',
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await connect(scenario);
      record(ws, log);
      peer.send('8805 03e9627965');
      const { first, payload } = await readMasked(peer);
      log(first, payload, ws.readyState);
      peer.socket.end();
      await closed;
    }
  );

  for (const how of ['FIN', 'reset']) {
    for (const bytes of ['', '8101', '8105 6865', '01']) {
      contract(`by ${how} behind ${bytes || 'nothing'}`, async (scenario) => {
        const { log } = scenario;
        const { closed, peer, ws } = await connect(scenario);
        record(ws, log);
        peer.send('8901 21');
        await once(ws, 'ping');
        peer.send(bytes);
        if (how === 'FIN') peer.socket.end();
        else peer.reset();
        await closed;
        await turns();
      });
    }
  }

  contract('while both sides fail', async (scenario) => {
    const { log } = scenario;
    const { closed, peer, ws } = await connect(scenario);
    record(ws, log);
    ws.close(1000);
    peer.send('8300');
    // Which of the two sees it first is nobody's promise.
    const { payload } = await readMasked(peer);
    peer.socket.end();
    await closed;
    log(payload);
  });
});

suite("a client's socket (WS-CONTRACT 27, 28)", () => {
  contract(
    'writes what is raw in order with the frames, and ends behind them',
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await connect(scenario);
      // RFC 6455 §5.3: without a mask the bytes can be compared.
      const plain = { mask: false };
      ws.send('1', plain);
      ws._socket.write('raw;');
      ws.send('2', plain);
      ws._socket.end('end');
      log(await peer.readToEnd());
      peer.socket.end();
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(log, [['Buffer 8101317261773b810132656e64']])
  );
});
