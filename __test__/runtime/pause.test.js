'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { comparesStreams, contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open, serve } = require('../support/serve');
const { record, roundTrip, turns } = require('../support/session');

/** A server whose connections are paused from the start, and one more that is not. */
async function paused({ lib, log, t }) {
  const { port, wss } = await serve(t, lib);
  const connected = once(wss, 'connection');
  const client = await open(t, port);
  const [ws] = await connected;
  const witness = await open(t, port);

  ws.pause();
  record(ws, log);

  return {
    client,
    /** Resolves when whatever the client has sent would have been read. */
    settled: async () => {
      for (let i = 0; i < 3; i++) await roundTrip(witness);
      await turns();
    },
    ws
  };
}

/** Messages with these texts. */
function messages(...texts) {
  return Buffer.concat(texts.map((text) => frame(0x81, String(text))));
}

contract(
  'reads nothing while paused, and everything after resume() (WS-CONTRACT 18)',
  async (scenario) => {
    const { log } = scenario;
    const { client, settled, ws } = await paused(scenario);

    log(ws.isPaused);
    client.send(messages('a', 'b'));
    await settled();
    client.send(Buffer.concat([frame(0x89, 'p'), messages('c')]));
    await settled();
    log('resumed');
    const pinged = once(ws, 'ping');
    ws.resume();
    log(ws.isPaused);
    await pinged;
    await settled();
    log(await client.readFrame());
  },
  (log) => {
    assert.deepStrictEqual(log.slice(0, 3), [[true], ['resumed'], [false]]);
    assert.strictEqual(log.length, 8);
  }
);

contract(
  'sees a FIN that arrived while paused after resume(), behind the messages before it',
  async (scenario) => {
    const { log } = scenario;
    const { client, settled, ws } = await paused(scenario);
    const closed = once(ws, 'close');

    client.send(messages('a', 'b'));
    client.socket.end();
    await settled();
    log('resumed', ws.readyState);
    ws.resume();
    await closed;
    await settled();
  },
  (log) =>
    assert.deepStrictEqual(log, [
      ['resumed', 1],
      ['message', 'Buffer 61', false],
      ['message', 'Buffer 62', false],
      ['close', 1006, 'Buffer ', 3]
    ])
);

contract(
  'sees a close frame that arrived while paused after resume()',
  async (scenario) => {
    const { log } = scenario;
    const { client, settled, ws } = await paused(scenario);
    const closed = once(ws, 'close');

    client.send(
      Buffer.concat([
        messages('a'),
        frame(0x88, Buffer.from('03e8627965', 'hex'))
      ])
    );
    await settled();
    log('resumed', ws.readyState);
    ws.resume();
    log(await client.readFrame());
    client.socket.end();
    await closed;
  }
);

contract(
  'pauses in a listener: what was read already is emitted, the next segment is not',
  async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    const connected = once(wss, 'connection');
    const client = await open(t, port);
    const witness = await open(t, port);
    const [ws] = await connected;

    record(ws, log);
    ws.once('message', () => ws.pause());
    client.send(messages('a', 'b', 'c'));
    await roundTrip(witness);
    await turns();
    client.send(messages('d'));
    for (let i = 0; i < 3; i++) await roundTrip(witness);
    await turns();
    log('resumed');
    const received = once(ws, 'message');
    ws.resume();
    await received;
  },
  (log) => {
    const names = log.map(([name]) => name);
    assert.deepStrictEqual(names.slice(-2), ['resumed', 'message']);
    assert.strictEqual(names.length, 5);
  }
);

contract(
  'pauses and resumes many times without losing a message',
  async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    const connected = once(wss, 'connection');
    const client = await open(t, port);
    const [ws] = await connected;
    const count = 3000;
    let received = 0;
    const done = new Promise((resolve) => {
      ws.on('message', (data) => {
        if (data.toString() !== String(received)) log('out of order', data);
        if (++received === count) resolve();
        if (received % 7 !== 0) return;
        ws.pause();
        if (received % 3 === 0) process.nextTick(() => ws.resume());
        else setImmediate(() => ws.resume());
      });
    });

    for (let i = 0; i < count; i += 10) {
      client.send(messages(...Array.from({ length: 10 }, (_, j) => i + j)));
      if (i % 200 === 0) await turns(1);
    }
    await done;
    log(received);
  },
  (log) => assert.deepStrictEqual(log, [[3000]])
);

contract(
  'has the peer wait while paused, and sends all the same (backpressure)',
  async (scenario) => {
    const { log } = scenario;
    const { client, settled, ws } = await paused(scenario);
    ws.removeAllListeners('message');
    let received = 0;
    const size = 16 * 1024 * 1024;
    const all = new Promise((resolve) => {
      ws.on('message', (data) => {
        received += data.length;
        if (received === size) resolve();
      });
    });

    const chunk = frame(0x82, Buffer.alloc(65_535, 0x78));
    for (let sent = 0; sent < size;) {
      const length = Math.min(65_535, size - sent);
      client.send(
        length === 65_535 ? chunk : frame(0x82, Buffer.alloc(length))
      );
      sent += length;
    }
    await settled();
    // More than the kernel's buffers hold waits at the client.
    log(received, client.socket.writableLength > 1024 * 1024);
    ws.send('still sending');
    log(await client.readFrame());
    ws.resume();
    await all;
    log(received === size);
  },
  (log) => assert.deepStrictEqual([log[0], log[2]], [[0, true], [true]])
);

contract(
  'terminates and closes while paused (WS-CONTRACT 18)',
  async (scenario) => {
    const { log } = scenario;
    const one = await paused(scenario);
    const terminated = once(one.ws, 'close');
    one.ws.terminate();
    await terminated;
    one.ws.resume();
    log(one.ws.isPaused);

    const two = await paused(scenario);
    const closed = once(two.ws, 'close');
    two.ws.close(4000);
    log(await two.client.readFrame());
    two.client.send(frame(0x88, Buffer.from('0fa0', 'hex')));
    await two.settled();
    log('resumed', two.ws.readyState);
    two.ws.resume();
    two.client.socket.end();
    await closed;
  }
);

/** Terminates a paused connection that has been sent a message. */
async function terminatePaused(scenario) {
  const { client, settled, ws } = await paused(scenario);
  const closed = once(ws, 'close');

  client.send(messages('sent while paused'));
  await settled();
  ws.terminate();
  await closed;
  await settled();
}

if (comparesStreams()) {
  contract(
    'emits what was read already when it is terminated while paused',
    terminatePaused,
    (log) => assert.strictEqual(log.length, 2)
  );
} else {
  // Under ws, Node.js has read it already, and ws emits it when the socket is closed (rule 2).
  test('reads nothing any more when it is terminated while paused', async (t) => {
    const log = [];

    await terminatePaused({
      lib: libraries.ferrows,
      log: (...values) => log.push(values),
      t
    });
    assert.deepStrictEqual(log, [['close', 1006, Buffer.alloc(0), 3]]);
  });
}
