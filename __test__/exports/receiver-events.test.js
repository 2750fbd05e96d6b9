'use strict';

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { turns } = require('../support/session');
const { bytes, makeReceiver, receive } = require('./support');

const BINARY = [
  '82 03 616263',
  '82 00',
  '02 01 61 00 00 00 02 6262 80 01 63',
  // Frames that come in pieces.
  '02 03 61',
  '62',
  '63 80',
  '02 64',
  '65',
  '02 00 80 00',
  '81 01 74'
];

for (const binaryType of ['nodebuffer', 'arraybuffer', 'fragments', 'other']) {
  contract(`binaryType ${binaryType} is what binary messages are`, (s) =>
    receive(s, { binaryType }, BINARY)
  );
}

contract("binaryType 'blob' gives a Blob", async ({ lib, log }) => {
  const receiver = new lib.Receiver({ binaryType: 'blob' });
  const messages = [];

  receiver.on('message', (data, isBinary) => messages.push([data, isBinary]));
  for (const chunk of BINARY) receiver.write(bytes(chunk));
  for (const [data, isBinary] of messages) {
    if (!isBinary) log(data);
    else log(data instanceof Blob, data.type, await data.arrayBuffer());
  }
});

contract(
  '_binaryType applies from the end of the next message on',
  async (s) => {
    const receiver = makeReceiver(s);
    const types = ['fragments', 'arraybuffer', 'nodebuffer'];

    receiver.on('message', () => (receiver._binaryType = types.shift()));
    receiver.write(bytes('02 01 61 80 01 62'.repeat(3)));
    receiver.write(bytes('02 01 61'));
    receiver._binaryType = 'fragments';
    receiver.write(bytes('80 01 62'));
    await turns(2);
  },
  (log) => assert.deepStrictEqual(log[1][1], ['Buffer 61', 'Buffer 62'])
);

contract(
  'an ArrayBuffer is of the length of its message',
  async ({ lib, log }) => {
    const receiver = new lib.Receiver({
      binaryType: 'arraybuffer',
      isServer: true
    });

    receiver.on('message', (data) => log(data.byteLength, data));
    for (const length of [0, 1, 5, 70_000]) {
      const whole = frame(0x82, Buffer.alloc(length, 'abc'));
      receiver.write(bytes(whole));
      receiver.write(bytes(whole.subarray(0, 7)));
      receiver.write(bytes(whole.subarray(7)));
    }
    await turns(2);
  }
);

/** Six events, in one chunk. */
const SIX = '81 01 61 89 01 62 8a 01 63 82 01 64 01 01 65 80 01 66 88 00';

for (const allowSynchronousEvents of [true, undefined, false, null, 0]) {
  contract(
    `allowSynchronousEvents: ${allowSynchronousEvents} says whether microtasks and ticks run between events`,
    async (s) => {
      const receiver = makeReceiver(s, { allowSynchronousEvents });

      for (const event of ['message', 'ping', 'pong', 'conclude']) {
        receiver.on(event, () => {
          Promise.resolve().then(() => s.log('microtask of', event));
          process.nextTick(() => s.log('tick of', event));
          setImmediate(() => s.log('immediate of', event));
        });
      }
      receiver.write(bytes(SIX), (err) => s.log('written', err));
      s.log('write() has returned');
      await turns(20);
    },
    (log) => {
      const isSynchronous = allowSynchronousEvents ?? true;
      const first = allowSynchronousEvents === null ? false : isSynchronous;
      assert.strictEqual(log[0][0], first ? 'message' : 'write() has returned');
    }
  );
}

contract(
  'with allowSynchronousEvents: false a message has the binaryType of when it came',
  async (s) => {
    const receiver = makeReceiver(s, { allowSynchronousEvents: false });

    receiver.write(bytes('82 01 61 82 01 62'));
    receiver._binaryType = 'arraybuffer';
    receiver.write(bytes('82 01 63'));
    await turns();
  },
  ([[, first], [, second]]) =>
    assert.deepStrictEqual([first, second], ['Buffer 61', 'ArrayBuffer 62'])
);

contract(
  'chunks wait while an event does; write() says so, and drain follows',
  async (s) => {
    const receiver = makeReceiver(s, { allowSynchronousEvents: false });
    const half = receiver.writableHighWaterMark / 2;
    const { log } = s;

    for (const [index, chunk] of [
      bytes('89 01 61'),
      Buffer.concat([
        bytes('82 7f 00000000'),
        size(2 * half),
        Buffer.alloc(half)
      ]),
      Buffer.alloc(half),
      bytes('8a 01 62')
    ].entries()) {
      log(
        receiver.write(chunk, (err) => log('written', index, err)),
        receiver.writableLength,
        receiver.writableNeedDrain
      );
    }
    await turns();
    log(receiver.writableLength, receiver.writableNeedDrain);
  },
  (log) => {
    assert.deepStrictEqual(log[0], [true, 3, false]);
    assert.strictEqual(log.filter(([event]) => event === 'drain').length, 1);
  }
);

function size(length) {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(length);
  return buffer;
}

contract(
  'a large chunk whose events are emitted at once keeps nothing waiting',
  async (s) => {
    const receiver = makeReceiver(s);
    const length = 4 * receiver.writableHighWaterMark;
    const chunk = Buffer.concat([bytes('82 7f 00000000'), size(length)]);

    s.log(receiver.write(chunk), receiver.writableLength);
    s.log(receiver.write(Buffer.alloc(length)), receiver.writableLength);
    await turns(2);
  },
  (log) => assert.strictEqual(log[1][0], 'message')
);

contract('end() waits for the events of its chunk', async (s) => {
  const receiver = makeReceiver(s, { allowSynchronousEvents: false });

  receiver.end(bytes('81 01 61 89 00'), () => s.log('ended'));
  await turns();
});

contract(
  'destroy() in a listener or while an event waits does not take events back',
  async (s) => {
    for (const allowSynchronousEvents of [true, false]) {
      const receiver = makeReceiver(s, { allowSynchronousEvents });

      receiver.on('ping', () => receiver.destroy());
      receiver.write(bytes('89 00 81 01 61'), (err) => s.log('first', err));
      receiver.write(bytes('8a 00'), (err) => s.log('second', err));
      await turns();
    }
  }
);

contract('once() and removeListener() act within a chunk', async (s) => {
  const { lib, log } = s;
  const receiver = new lib.Receiver();

  receiver.once('message', (data) => {
    log('once', data);
    receiver.on('message', (next) => log('on', next));
  });
  receiver.write(bytes('81 01 61 81 01 62'));
});
