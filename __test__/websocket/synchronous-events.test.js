'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { record, roundTrip, session, turns } = require('../support/session');

const FRAMES = Buffer.concat([
  frame(0x81, '1'),
  frame(0x89, '2'),
  frame(0x8a, '3'),
  frame(0x01, '4'),
  frame(0x80, 'a'),
  frame(0x82, '5')
]);

/** Logs each event, and what runs between it and the next. */
function watch(ws, log) {
  for (const event of ['message', 'ping', 'pong']) {
    ws.on(event, (data) => {
      log(event, data.toString());
      process.nextTick(() => log('tick', data.toString()));
      queueMicrotask(() => log('microtask', data.toString()));
    });
  }
}

suite('allowSynchronousEvents: true (WS-CONTRACT 17)', () => {
  for (const given of [
    {},
    { allowSynchronousEvents: true },
    { allowSynchronousEvents: undefined }
  ]) {
    contract(
      `emits many events in one tick: ${JSON.stringify(Object.entries(given))}`,
      async ({ lib, log, t }) => {
        const { client, ws } = await session({ lib, t }, { server: given });
        watch(ws, log);
        client.send(FRAMES);
        await client.read(3);
        await turns();
      },
      (log) =>
        assert.deepStrictEqual(log.map(([what]) => what).slice(0, 6), [
          'message',
          'ping',
          'pong',
          'message',
          'message',
          'tick'
        ])
    );
  }
});

suite('allowSynchronousEvents: false (WS-CONTRACT 17)', () => {
  const server = { allowSynchronousEvents: false };

  contract(
    'emits one event per macrotask, microtasks drained in between',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t }, { server });
      watch(ws, log);
      client.send(FRAMES);
      await client.read(3);
      await turns();
    },
    (log) =>
      assert.deepStrictEqual(
        log,
        [
          ['message', '1'],
          ['ping', '2'],
          ['pong', '3'],
          ['message', '4a'],
          ['message', '5']
        ].flatMap(([event, data]) => [
          [event, data],
          ['tick', data],
          ['microtask', data]
        ])
      )
  );

  for (const allowSynchronousEvents of [null, 0]) {
    contract(`so does ${allowSynchronousEvents}`, async ({ lib, log, t }) => {
      const { client, ws } = await session(
        { lib, t },
        { server: { allowSynchronousEvents } }
      );
      watch(ws, log);
      client.send(FRAMES);
      await client.read(3);
      await turns();
    });
  }

  contract(
    'lets a listener that awaits put on the next one in time',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t }, { server });
      const next = () =>
        new Promise((resolve) => {
          ws.once('message', (data) => resolve(data.toString()));
        });
      client.send(Buffer.concat([1, 2, 3, 4].map((i) => frame(0x81, `${i}`))));
      for (let i = 0; i < 4; i++) log(await next());
    },
    (log) => assert.deepStrictEqual(log.flat(), ['1', '2', '3', '4'])
  );

  contract(
    'emits all events before "close", with what they were',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t }, { server });
      watch(ws, log);
      ws.on('close', (code, reason) => log('close', code, reason.toString()));
      client.send(
        Buffer.concat([FRAMES, frame(0x88, Buffer.from('0fa0626965', 'hex'))])
      );
      await closed;
    },
    (log) => {
      assert.deepStrictEqual(log.at(-1), ['close', 4000, 'bie']);
      assert.strictEqual(log.length, 16);
    }
  );

  contract(
    'emits all events before the "error" of what follows them',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t }, { server });
      record(ws, log);
      client.send(Buffer.concat([FRAMES, Buffer.from('8100', 'hex')]));
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(
        log.map(([event]) => event),
        ['message', 'ping', 'pong', 'message', 'message', 'error', 'close']
      )
  );

  contract(
    'emits all events when the peer ends without a close frame',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t }, { server });
      record(ws, log);
      client.send(FRAMES);
      client.socket.end();
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(
        log.map(([event]) => event),
        ['message', 'ping', 'pong', 'message', 'message', 'close']
      )
  );

  contract(
    'close() from a listener: the events behind are still emitted',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t }, { server });
      ws.on('message', (data) => {
        log('message', data.toString(), ws.readyState);
        ws.close(1000);
      });
      ws.on('ping', () => log('ping', ws.readyState));
      ws.on('close', (code) => log('close', code));
      client.send(
        Buffer.concat([FRAMES, frame(0x88, Buffer.from('03e8', 'hex'))])
      );
      log((await client.readToEnd()).toString('hex'));
      await closed;
    }
  );

  contract(
    'more events than a batch holds, in order',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t }, { server });
      const received = [];
      ws.on('message', (data) => received.push(Number(data)));
      client.send(
        Buffer.concat(
          Array.from({ length: 3000 }, (_, i) => frame(0x81, `${i}`))
        )
      );
      await roundTrip(client);
      log(
        received.length,
        received.every((number, i) => number === i)
      );
    },
    (log) => assert.deepStrictEqual(log, [[3000, true]])
  );

  contract(
    'a peer that sends for ever is held up: it cannot fill the memory',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t }, { server });
      let count = 0;
      ws.on('message', () => count++);
      const one = frame(0x82, Buffer.alloc(64 * 1024));
      for (let i = 0; i < 800; i++) client.send(one);
      await new Promise((resolve) => {
        ws.on('message', () => {
          if (count === 250) resolve(log(client.socket.writableLength > 0));
        });
      });
      await roundTrip(client);
      log(count);
    },
    (log) => assert.deepStrictEqual(log, [[true], [800]])
  );
});
