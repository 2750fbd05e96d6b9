'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const {
  record,
  roundTrip,
  session,
  swallowed,
  turns
} = require('../support/session');

/** Lets `act` send something, and returns all that the peer got but the close frame. */
async function wire(scenario, act) {
  const { client, ws } = await session(scenario);
  await act(ws);
  client.send(frame(0x88));
  return (await client.readToEnd()).subarray(0, -2);
}

suite('ping() and pong() (WS-CONTRACT 16)', () => {
  for (const method of ['ping', 'pong']) {
    contract(`${method}() has all its call forms`, async (scenario) => {
      const { log } = scenario;
      const cb =
        (form) =>
        (...args) =>
          log(form, args);
      const bytes = await wire(scenario, (ws) => {
        ws[method]();
        ws[method](cb('cb'));
        ws[method]('data');
        ws[method]('data', cb('data, cb'));
        ws[method]('data', false);
        ws[method]('data', false, cb('data, mask, cb'));
        ws[method]('data', undefined, cb('data, undefined, cb'));
        ws[method](undefined, undefined, cb('undefined, undefined, cb'));
        ws[method](null, null, null);
        ws[method]('', cb("'', cb"));
        ws[method](7);
        ws[method](0);
        ws[method](Buffer.from('buffer'));
        ws[method](new Uint16Array([1, 2]));
        ws[method](new Uint8Array(new ArrayBuffer(9), 3, 2));
        ws[method](new ArrayBuffer(3));
        ws[method](new DataView(new ArrayBuffer(8), 7));
        ws[method]([1, 2, 3]);
        ws[method]('é'.repeat(62));
      });
      log(bytes);
    });

    contract(`${method}() masks when it is told to`, async (scenario) => {
      const bytes = await wire(scenario, (ws) => ws[method]('data', true));
      const key = bytes.subarray(2, 6);
      scenario.log(bytes.length, bytes.subarray(0, 2));
      scenario.log(
        Buffer.from(bytes.subarray(6).map((b, i) => b ^ key[i & 3]))
      );
    });

    contract(
      `${method}() takes 125 bytes; 126 are a synchronous RangeError, and the connection stays OPEN`,
      async (scenario) => {
        const { log } = scenario;
        const bytes = await wire(scenario, (ws) => {
          for (const data of [
            Buffer.alloc(125),
            Buffer.alloc(126),
            'a'.repeat(126),
            'é'.repeat(63),
            new Float64Array(16),
            Buffer.alloc(100_000)
          ]) {
            try {
              ws[method](data, false, () => log('called'));
              log('taken');
            } catch (error) {
              log(error);
            }
          }
          log(ws.readyState);
        });
        log(bytes);
      },
      (log) =>
        assert.deepStrictEqual(log[1][0], {
          name: 'RangeError',
          message: 'The data size must not be greater than 125 bytes'
        })
    );
  }

  contract('events have the payload as a Buffer', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    for (const event of ['ping', 'pong']) {
      ws.on(event, function (data, ...more) {
        log(event, Buffer.isBuffer(data), data, more.length, this === ws);
      });
    }
    for (const size of [0, 1, 125]) {
      client.send(frame(0x89, 'x'.repeat(size)));
      client.send(frame(0x8a, 'y'.repeat(size)));
    }
    log(await client.read(2 + 3 + 127));
    await roundTrip(client);
  });
});

suite('autoPong (WS-CONTRACT 16)', () => {
  contract(
    'answers each ping with its payload, in order with what listeners send',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      ws.on('ping', (data) => ws.send(`heard ${data}`));
      ws.on('message', (data) => ws.send(data));
      client.send(
        Buffer.concat([
          frame(0x89, '1'),
          frame(0x81, 'm'),
          frame(0x89, '2'),
          frame(0x89)
        ])
      );
      log(await client.read(3 + 9 + 3 + 3 + 9 + 2 + 8));
    },
    ([[bytes]]) =>
      assert.strictEqual(
        bytes,
        'Buffer 8a0131 8107686561726420 31 82016d 8a0132 8107686561726420 32 8a00 8106686561726420'
          .replaceAll(' ', '')
          .replace('Buffer', 'Buffer ')
      )
  );

  contract(
    'sends the pong before "ping" is emitted: a listener may close',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      ws.on('ping', () => ws.close(1000));
      client.send(frame(0x89, 'ping'));
      log(await client.read(6 + 4));
      client.send(frame(0x88, Buffer.from('03e8', 'hex')));
      await closed;
    },
    ([[bytes]]) => assert.strictEqual(bytes, 'Buffer 8a0470696e67880203e8')
  );

  contract(
    'sends none when the connection is closing',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      ws.on('ping', (data) => log('ping', data, ws.bufferedAmount));
      ws.close();
      client.send(frame(0x89, 'late'));
      client.send(frame(0x88));
      log(await client.readToEnd());
      await closed;
    },
    (log) => assert.deepStrictEqual(log.at(-1), ['Buffer 8800'])
  );

  contract(
    'false turns it off',
    async ({ lib, log, t }) => {
      const { client, ws } = await session(
        { lib, t },
        { server: { autoPong: false } }
      );
      record(ws, log);
      client.send(frame(0x89, 'ping'));
      await swallowed(client, ws);
      await turns();
      ws.pong('by hand');
      log(await client.readFrame());
    },
    (log) => assert.deepStrictEqual(log[1][0].payload.toString(), 'by hand')
  );

  contract('false for undefined, null and 0', async ({ lib, log, t }) => {
    for (const autoPong of [undefined, null, 0]) {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: { autoPong } }
      );
      record(ws, log);
      client.send(frame(0x89, 'ping'));
      client.send(frame(0x88));
      log(await client.readToEnd());
      await closed;
    }
  });
});

/** Makes the server's sends wait in its queue: the peer does not read. */
function block(client, ws) {
  client.socket.pause();
  while (ws.bufferedAmount === 0) ws.send(Buffer.alloc(1024 * 1024));
}

suite('maxPendingAutoPongs (WS-CONTRACT 16)', () => {
  for (const [given, most] of [
    [{}, 60],
    [{ maxPendingAutoPongs: 3 }, 3],
    [{ maxPendingAutoPongs: 1 }, 1]
  ]) {
    contract(
      `${most}: that many pongs may wait for a peer that does not read, one more terminates`,
      async ({ lib, log, t }) => {
        const { client, closed, ws } = await session(
          { lib, t },
          { server: given }
        );
        let pings = 0;
        ws.on('ping', () => pings++);
        ws.on('error', (error) => log(error));
        ws.on('close', (code) => log('close', code));
        block(client, ws);
        for (let i = 0; i < most; i++) {
          client.send(frame(0x89, `${i}`));
          await swallowed(client, ws);
          await turns(2);
        }
        log(pings, ws.readyState);
        client.send(frame(0x89, 'one more'));
        await closed;
        log(pings);
      },
      (log) =>
        assert.deepStrictEqual(log, [[most, 1], ['close', 1006], [most + 1]])
    );
  }

  for (const maxPendingAutoPongs of [0, undefined, null, -1]) {
    contract(
      `${maxPendingAutoPongs}: there is no limit`,
      async ({ lib, log, t }) => {
        const { client, ws } = await session(
          { lib, t },
          { server: { maxPendingAutoPongs } }
        );
        let pings = 0;
        ws.on('ping', () => pings++);
        block(client, ws);
        for (let i = 0; i < 200; i++) client.send(frame(0x89));
        await swallowed(client, ws);
        await turns();
        log(pings, ws.readyState);
      },
      (log) => assert.deepStrictEqual(log, [[200, 1]])
    );
  }

  contract('pongs that have left count no more', async ({ lib, log, t }) => {
    const { client, ws } = await session(
      { lib, t },
      { server: { maxPendingAutoPongs: 2 } }
    );
    for (let i = 0; i < 20; i++) {
      client.send(frame(0x89, 'p'));
      log(await client.read(3));
    }
    for (let i = 0; i < 10; i++) {
      client.send(frame(0x89, 'p'));
      client.send(frame(0x89, 'p'));
      log(await client.read(6));
    }
    log(ws.readyState);
  });

  contract(
    'pongs that the application sends do not count',
    async ({ lib, log, t }) => {
      const { client, ws } = await session(
        { lib, t },
        { server: { autoPong: false, maxPendingAutoPongs: 1 } }
      );
      ws.on('ping', (data) => ws.pong(data));
      block(client, ws);
      for (let i = 0; i < 20; i++) client.send(frame(0x89));
      await swallowed(client, ws);
      await turns();
      log(ws.readyState);
    },
    (log) => assert.deepStrictEqual(log, [[1]])
  );
});
