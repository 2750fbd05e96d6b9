'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { suite } = require('node:test');

const WebSocket = require('ws');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { record, session, shut, turns } = require('../support/session');

const CODES = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000,
  3999, 4000, 4999
];

/** A close frame with a code and a reason. */
function closing(code, reason = '') {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return frame(0x88, payload);
}

suite('close() writes a close frame (WS-CONTRACT 23, 24)', () => {
  contract('with each code that may be sent', async ({ lib, log, t }) => {
    for (const code of CODES) {
      const { client, closed, ws } = await session({ lib, t });
      record(ws, log);
      ws.close(code);
      log(await client.readFrame());
      client.send(closing(code));
      log(await client.readToEnd());
      await closed;
    }
  });

  contract(
    'that is empty without a code: both sides see 1005',
    async ({ lib, log, t }) => {
      for (const args of [[], [undefined], [undefined, 'ignored']]) {
        const { client, closed, ws } = await session({ lib, t });
        record(ws, log);
        ws.close(...args);
        log(await client.read(2));
        client.send(frame(0x88));
        await closed;
      }
    },
    (log) =>
      assert.deepStrictEqual(log.slice(0, 2), [
        ['Buffer 8800'],
        ['close', 1005, 'Buffer ', 3]
      ])
  );

  contract('with reasons of all types and lengths', async ({ lib, log, t }) => {
    for (const reason of [
      '',
      'a',
      'é'.repeat(61),
      'a'.repeat(123),
      Buffer.alloc(123, 'b'),
      Buffer.alloc(0),
      Uint8Array.of(0x61, 0x62),
      undefined,
      0,
      7,
      true,
      {},
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(3))
    ]) {
      const { client, closed, ws } = await session({ lib, t });
      ws.close(1000, reason);
      log(await client.readFrame());
      client.send(frame(0x88));
      await closed;
    }
  });

  contract(
    'synchronous errors leave the connection OPEN (WS-CONTRACT 24)',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      for (const args of [
        ...[0, -1, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536].map(
          (code) => [code]
        ),
        ...[null, '1000', '', NaN, 1000n, true, {}, [1000]].map((code) => [
          code
        ]),
        [1000, 'a'.repeat(124)],
        [1000, 'é'.repeat(62)],
        [1000, Buffer.alloc(124)],
        [1000, new Uint16Array(1)],
        [1000, [1, 2]],
        [1000, { length: 2 }],
        [1000, null]
      ]) {
        try {
          ws.close(...args);
          log('taken');
        } catch (error) {
          log(error, ws.readyState);
        }
      }
      ws.send('still open');
      log(await client.readFrame());
      ws.close(1000);
      log(await client.readFrame());
      client.send(closing(1000));
      await closed;
    },
    (log) => {
      assert.ok(log.slice(0, -2).every(([, state]) => state === 1));
    }
  );

  contract('only once, however often it is called', async ({ lib, log, t }) => {
    const { client, closed, ws } = await session({ lib, t });
    record(ws, log);
    ws.close(1001, 'first');
    ws.close(1002, 'second');
    ws.close();
    ws.close(7);
    await turns();
    ws.close();
    client.send(closing(1001));
    log(await client.readToEnd());
    ws.close();
    await closed;
    ws.close();
    await turns();
  });

  contract(
    'behind all that was sent, which gets no error (WS-CONTRACT 25)',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      const errors = [];
      client.socket.pause();
      let bytes = 0;
      for (let i = 0; i < 12; i++) {
        ws.send(Buffer.alloc(1024 * 1024), (error) => errors.push(error));
        bytes += 1024 * 1024 + 10;
      }
      ws.close(1000, 'bye');
      log(ws.readyState, ws.bufferedAmount > 0);

      let last = Buffer.alloc(0);
      client.socket.removeAllListeners('data');
      client.socket.on('data', (chunk) => {
        bytes -= chunk.length;
        last = Buffer.concat([last, chunk.subarray(-7)]).subarray(-7);
        if (bytes <= -7) client.send(closing(1000, 'bye'));
      });
      client.socket.resume();
      await closed;
      log(bytes, last, errors);
    },
    (log) =>
      assert.deepStrictEqual(log[1].slice(0, 2), [-7, 'Buffer 880503e8627965'])
  );
});

suite('The peer’s close frame (WS-CONTRACT 23)', () => {
  contract(
    'is answered by the same, and is what "close" tells',
    async ({ lib, log, t }) => {
      for (const code of CODES) {
        for (const reason of ['', 'reason é']) {
          const { client, closed } = await session(
            { lib, t },
            { onConnection: (ws) => record(ws, log) }
          );
          client.send(closing(code, reason));
          log(await client.readToEnd());
          await closed;
        }
      }
    },
    (log) => assert.strictEqual(log.length, 2 * 2 * CODES.length)
  );

  contract('is answered by an empty one if it is empty', async (scenario) => {
    const { log } = scenario;
    const { client, closed } = await session(scenario, {
      onConnection: (ws) => record(ws, log)
    });
    client.send(frame(0x88));
    log(await client.readToEnd());
    await closed;
  });

  contract(
    'with a reason of 123 bytes, cut at every position',
    async ({ lib, log, t }) => {
      const all = closing(3000, 'r'.repeat(123));
      for (let at = 1; at < all.length; at += 7) {
        const { client, closed } = await session(
          { lib, t },
          { onConnection: (ws) => record(ws, log) }
        );
        client.send(all.subarray(0, at));
        await turns(2);
        client.send(all.subarray(at));
        log(await client.readToEnd());
        await closed;
      }
    }
  );

  contract(
    'comes after the messages before it; what is behind it is thrown away',
    async ({ lib, log, t }) => {
      const { client, closed } = await session(
        { lib, t },
        { onConnection: (ws) => record(ws, log) }
      );
      client.send(
        Buffer.concat([
          frame(0x81, 'before'),
          closing(1000),
          frame(0x81, 'behind'),
          frame(0x89, 'behind'),
          closing(1001),
          Buffer.from('ffffffffffff', 'hex')
        ])
      );
      for (let i = 0; i < 50; i++) client.send(Buffer.alloc(65_536, 0xff));
      client.socket.end();
      log(await client.readToEnd());
      await closed;
    },
    (log) => assert.strictEqual(log.length, 3)
  );

  contract(
    'that crosses ours: the code is the peer’s',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      record(ws, log);
      ws.close(1000, 'ours');
      client.send(closing(4000, 'theirs'));
      log(await client.readToEnd());
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(log[1], ['close', 4000, 'Buffer 746865697273', 3])
  );

  contract(
    'from within a "message" listener: later messages of the segment are emitted',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      record(ws, log);
      ws.once('message', () => ws.close(1000));
      client.send(
        Buffer.concat([frame(0x81, '1'), frame(0x81, '2'), closing(1000)])
      );
      log(await client.readToEnd());
      await closed;
    }
  );
});

suite('wasClean (WS-CONTRACT 23)', () => {
  for (const [what, act] of [
    ['both close frames', ({ client }) => client.send(frame(0x88))],
    ['no close frame', ({ client }) => client.socket.end()],
    ['ours only', ({ client, ws }) => (ws.close(), client.socket.end())],
    ['terminate()', ({ ws }) => ws.terminate()],
    ['a reset', ({ client }) => client.reset()],
    ['a protocol error', ({ client }) => client.send('8100')]
  ]) {
    contract(`after ${what}`, async (scenario) => {
      const { log } = scenario;
      const both = await session(scenario);
      both.ws.on('error', () => {});
      both.ws.onclose = ({ code, reason, wasClean }) =>
        log(code, reason, wasClean);
      act(both);
      await both.closed;
    });
  }
});

suite('An honest client', () => {
  contract(
    'and the server see what each other closes with',
    async ({ lib, log, t }) => {
      const wss = new lib.WebSocketServer({ port: 0 });
      t.after(() => shut(wss));
      await once(wss, 'listening');

      for (const closer of ['client', 'server', 'both']) {
        for (const args of [
          [],
          [1000],
          [3000, 'why'],
          [4999, '€'.repeat(41)]
        ]) {
          const connection = once(wss, 'connection');
          const client = new WebSocket(`ws://127.0.0.1:${wss.address().port}`);
          t.after(() => client.terminate());
          const [ws] = await connection;
          const ends = [once(client, 'close'), once(ws, 'close')];
          await once(client, 'open');
          if (closer !== 'server') client.close(...args);
          if (closer !== 'client') ws.close(...args);
          const [[code, reason], theirs] = await Promise.all(ends);
          log(closer, code, reason, ...theirs);
        }
      }
    }
  );
});
