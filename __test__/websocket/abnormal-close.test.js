'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const WebSocket = require('ws');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const {
  record,
  roundTrip,
  session,
  swallowed,
  turns
} = require('../support/session');

const NORMAL = frame(0x88, Buffer.from('03e8', 'hex'));
const SOON = { closeTimeout: 40 };
const NEVER = { closeTimeout: 60_000 };

suite('A peer that ends without a close frame (WS-CONTRACT 21)', () => {
  for (const [where, bytes] of [
    ['at once', ''],
    ['behind a message', '8181 00000000 61'],
    ['within a header', '81'],
    ['within a masking key', '8181 0000'],
    ['within a payload', '8185 00000000 61'],
    [
      'within a large payload',
      `82ff 0000000000020000 00000000${'61'.repeat(70_000)}`
    ],
    ['within a fragmented message', '0181 00000000 61'],
    ['within a close frame', '8882 00000000 03']
  ]) {
    contract(`FIN ${where}: "close" 1006`, async ({ lib, log, t }) => {
      const { client, closed } = await session(
        { lib, t },
        { onConnection: (ws) => record(ws, log), server: NEVER }
      );
      client.send(bytes);
      client.socket.end();
      log(await client.readToEnd());
      await closed;
    });

    contract(
      `reset ${where}: "close" 1006, no "error"`,
      async ({ lib, log, t }) => {
        const { client, closed, ws } = await session(
          { lib, t },
          { onConnection: (ws) => record(ws, log), server: NEVER }
        );
        client.send(bytes);
        await swallowed(client, ws);
        client.reset();
        await closed;
      }
    );
  }

  contract(
    'data and FIN in one segment: the data is emitted first',
    async ({ lib, log, t }) => {
      const { client, closed } = await session(
        { lib, t },
        { onConnection: (ws) => record(ws, log) }
      );
      client.socket.end(
        Buffer.concat([frame(0x81, 'last'), frame(0x82, Buffer.alloc(300_000))])
      );
      await closed;
    },
    (log) => assert.strictEqual(log.length, 3)
  );

  contract(
    'a half-close: what was sent still leaves, what is sent later is refused',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      client.socket.allowHalfOpen = true;
      client.socket.pause();
      ws.send(Buffer.alloc(8 * 1024 * 1024));
      client.socket.end();
      while (ws.readyState === ws.OPEN) await turns(1);
      log(ws.readyState);
      ws.send('late', (error) => log(error));
      let bytes = 0;
      client.socket.removeAllListeners('data');
      client.socket.on('data', ({ length }) => (bytes += length));
      client.socket.resume();
      await closed;
      while (!client.ended) await turns(1);
      log(bytes);
    },
    (log) => assert.deepStrictEqual(log.at(-1), [8 * 1024 * 1024 + 10])
  );

  contract(
    'after the close frames: the code received, not 1006',
    async ({ lib, log, t }) => {
      for (const end of ['end', 'resetAndDestroy']) {
        const { client, closed, ws } = await session({ lib, t });
        record(ws, log);
        ws.close(1000);
        await client.readFrame();
        client.send(NORMAL);
        await swallowed(client, ws);
        client.socket[end]();
        await closed;
      }
    },
    (log) =>
      assert.ok(
        log.every(([event, code]) => event === 'close' && code === 1000)
      )
  );

  contract(
    'after our close frame, without answering it: 1006',
    async ({ lib, log, t }) => {
      for (const end of ['end', 'resetAndDestroy']) {
        const { client, closed, ws } = await session({ lib, t });
        record(ws, log);
        ws.close(1000);
        await client.readFrame();
        client.socket[end]();
        await closed;
      }
    }
  );
});

suite('closeTimeout (WS-CONTRACT 25)', () => {
  contract(
    'ends a closing handshake that the peer does not answer: 1006',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: SOON }
      );
      record(ws, log);
      ws.close(1000);
      log(await client.readToEnd());
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(log.map(([first]) => first).sort(), [
        'Buffer 880203e8',
        'close'
      ])
  );

  contract(
    'ends one whose peer answers and then keeps the connection: its code',
    async ({ lib, log, t }) => {
      // A slow machine needs more time for the answer.
      for (const closeTimeout of [50, 500, 5000]) {
        const { client, closed, ws } = await session(
          { lib, t },
          { server: { closeTimeout } }
        );
        const entries = [];
        client.socket.allowHalfOpen = true;
        record(ws, (...values) => entries.push(values));
        ws.close(1000);
        await client.readFrame().then(
          () => client.send(NORMAL),
          () => {}
        );
        await closed;
        if (entries[0][1] === 1006 && closeTimeout < 5000) continue;

        log(...entries);
        return;
      }
    },
    (log) => assert.deepStrictEqual(log, [[['close', 1000, 'Buffer ', 3]]])
  );

  contract(
    'ends one that the peer began and does not end',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: SOON }
      );
      client.socket.allowHalfOpen = true;
      record(ws, log);
      client.send(NORMAL);
      await closed;
    },
    (log) => assert.deepStrictEqual(log, [['close', 1000, 'Buffer ', 3]])
  );

  contract(
    'ends a failed connection whose peer goes on sending',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: SOON }
      );
      client.socket.allowHalfOpen = true;
      record(ws, log);
      client.send('8100');
      const timer = setInterval(() => client.send(Buffer.alloc(1000)), 1);
      t.after(() => clearInterval(timer));
      await closed;
      clearInterval(timer);
    },
    (log) =>
      assert.deepStrictEqual(
        log.map(([event]) => event),
        ['error', 'close']
      )
  );

  contract(
    'ends a connection whose queue the peer does not read',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: SOON }
      );
      client.socket.pause();
      while (ws.bufferedAmount === 0) ws.send(Buffer.alloc(1024 * 1024));
      record(ws, log);
      ws.close();
      await closed;
    },
    (log) => assert.deepStrictEqual(log, [['close', 1006, 'Buffer ', 3]])
  );
});

suite('terminate()', () => {
  for (const when of [
    'connection',
    'message',
    'ping',
    'pong',
    'error',
    'close'
  ]) {
    contract(
      `within a listener of "${when}": "close" once`,
      async ({ lib, log, t }) => {
        const { client, closed, ws } = await session(
          { lib, t },
          {
            onConnection(ws) {
              ws.on('error', (error) => log(error.code));
              ws.on('close', (code) => log('close', code, ws.readyState));
              if (when === 'connection') ws.terminate();
              else ws.on(when, () => ws.terminate());
            }
          }
        );
        if (when === 'message') client.send(frame(0x81));
        if (when === 'ping') client.send(frame(0x89));
        if (when === 'pong') client.send(frame(0x8a));
        if (when === 'error') client.send('8100');
        if (when === 'close') client.send(NORMAL);
        await closed;
        await client.readToEnd();
        await turns();
        ws.terminate();
        log(client.response.split('\r\n')[0]);
      }
    );
  }

  contract(
    'sets CLOSING at once, and "close" comes later',
    async ({ lib, log, t }) => {
      const { closed, ws } = await session({ lib, t });
      record(ws, log);
      ws.terminate();
      log(ws.readyState);
      ws.terminate();
      ws.close();
      await closed;
      log(ws.readyState);
    }
  );

  contract(
    'after close(), before the peer has answered: 1006, after it: its code',
    async ({ lib, log, t }) => {
      for (const answered of [false, true]) {
        const { client, closed, ws } = await session({ lib, t });
        client.socket.allowHalfOpen = true;
        record(ws, log);
        ws.close(1000);
        await client.readFrame();
        if (answered) {
          client.send(NORMAL);
          await swallowed(client, ws);
          await turns(2);
        }
        ws.terminate();
        await closed;
      }
    }
  );

  contract('within a callback of send()', async ({ lib, log, t }) => {
    const { client, closed, ws } = await session({ lib, t });
    record(ws, log);
    ws.send('a', () => ws.terminate());
    log(await client.readToEnd());
    await closed;
  });

  contract('what was sent before it still arrives', async ({ lib, log, t }) => {
    const { client, closed, ws } = await session({ lib, t });
    ws.send('a');
    ws.send(Buffer.alloc(20_000));
    ws.ping('b');
    ws.close(1000);
    ws.terminate();
    log(await client.readToEnd());
    await closed;
  });
});

suite('Both sides fail (WS-CONTRACT 26)', () => {
  contract(
    'a protocol error in answer to our close frame: "error" and 1006',
    async ({ lib, log, t }) => {
      for (const bytes of [
        '8100',
        '8882 00000000 03ed',
        '8882 00000000 03e8'
      ]) {
        const { client, closed, ws } = await session(
          { lib, t },
          { server: NEVER }
        );
        record(ws, log);
        ws.close(1000);
        client.send(bytes);
        log(await client.readToEnd());
        await closed;
      }
    },
    (log) => assert.deepStrictEqual(log[0].slice(0, 2)[0], 'error')
  );

  contract(
    'an error on both sides, of ws as the peer too',
    async ({ lib, log, t }) => {
      const { closed, ws, wss } = await session({ lib, t }, { server: NEVER });
      const peer = new WebSocket(`ws://127.0.0.1:${wss.address().port}`);
      const other = await new Promise((resolve) =>
        wss.once('connection', resolve)
      );
      await new Promise((resolve) => peer.once('open', resolve));
      const ends = [peer, other].map(
        (socket) => new Promise((resolve) => socket.once('close', resolve))
      );
      const errors = {};
      peer.on('error', ({ code }) => (errors.peer = code));
      other.on('error', ({ code }) => (errors.server = code));
      // Each writes bytes that are no frame for the other.
      peer._socket.write(Buffer.from('8100', 'hex'));
      other._socket.write(Buffer.from('8180', 'hex'));
      log(...(await Promise.all(ends)), errors.peer, errors.server);
      ws.terminate();
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(log, [
        [1006, 1006, 'WS_ERR_UNEXPECTED_MASK', 'WS_ERR_EXPECTED_MASK']
      ])
  );

  contract(
    'a protocol error, then a reset: one "error", one "close", nothing after',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: NEVER }
      );
      client.socket.allowHalfOpen = true;
      record(ws, log);
      client.send('8100');
      await swallowed(client, ws);
      await client.readFrame();
      client.reset();
      await closed;
      await turns(20);
    },
    (log) =>
      assert.deepStrictEqual(
        log.map(([event]) => event),
        ['error', 'close']
      )
  );

  contract(
    'every end leaves the server without clients',
    async ({ lib, log, t }) => {
      for (const end of [
        ({ client }) => client.socket.end(),
        ({ client }) => client.reset(),
        ({ client }) => client.send('8100'),
        ({ client }) => client.send(NORMAL),
        ({ ws }) => ws.terminate(),
        ({ ws }) => ws._socket.destroy()
      ]) {
        const both = await session({ lib, t });
        const { client, closed, ws, wss } = both;
        ws.on('error', () => {});
        ws.on('close', () => log(wss.clients.size));
        await roundTrip(client);
        log(wss.clients.size);
        end(both);
        await closed;
      }
    },
    (log) => assert.deepStrictEqual(log.flat(), Array(6).fill([1, 0]).flat())
  );
});
