'use strict';

const assert = require('node:assert');
const { Writable } = require('node:stream');
const { test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { turns } = require('../support/session');
const { bytes, makeReceiver, receive } = require('./support');

const SERVER = { isServer: true };

/** Frames of every kind as a server receives them, and a close frame at the end. */
const STREAM = Buffer.concat([
  frame(0x81, 'text \u20ac'),
  frame(0x89),
  frame(0x82, Buffer.alloc(126, 'b')),
  frame(0x01, Buffer.from('e282', 'hex')),
  frame(0x8a, 'pong'),
  frame(0x00),
  frame(0x89, Buffer.alloc(125, 'p')),
  frame(0x80, Buffer.from('ac', 'hex')),
  frame(0x02, 'one'),
  frame(0x00, 'two'),
  frame(0x80),
  frame(0x82),
  frame(0x88, Buffer.from('03e8646f6e65', 'hex'))
]);

/** What `STREAM` is in events. */
const EVENTS = [
  ['message', 'Buffer 7465787420e282ac', false],
  ['ping', 'Buffer '],
  ['message', `Buffer ${'62'.repeat(126)}`, true],
  ['pong', 'Buffer 706f6e67'],
  ['ping', `Buffer ${'70'.repeat(125)}`],
  ['message', 'Buffer e282ac', false],
  ['message', 'Buffer 6f6e6574776f', true],
  ['message', 'Buffer ', true],
  ['conclude', 1000, 'Buffer 646f6e65'],
  ['finish'],
  ['close']
];

contract('Receiver is a Writable, and has no options by default', (s) => {
  const { lib, log } = s;
  const receiver = new lib.Receiver();

  log(lib.Receiver.name, lib.Receiver.length);
  log(Object.getPrototypeOf(lib.Receiver) === Writable);
  log(receiver instanceof Writable, receiver.writable);
  log(receiver.writableHighWaterMark, receiver.writableObjectMode);
  log(receiver.eventNames());
});

for (const [title, chunks] of [
  ['an unmasked text message', ['81 05 48656c6c6f']],
  ['an empty close frame, which has the code 1005', ['88 00']],
  ['a close frame with a code', ['88 02 03e8']],
  ['a close frame with a code and a reason', ['88 06 03e8 444f4e45']],
  ['an empty message', ['81 00', '82 00']],
  ['a ping and a pong', ['89 05 48656c6c6f 8a 00', '8a 02 6869']],
  ['a text in two fragments', ['01 03 48656c', '80 02 6c6f']],
  ['fragments of which some are empty', ['01 00 00 01 61 00 00', '80 00']],
  ['a control frame between fragments', ['02 01 61 89 01 62 80 01 63']],
  ['a length of 16 bits that 7 would do for', ['81 7e 0001 61']],
  ['a length of 64 bits that 7 would do for', ['81 7f 0000000000000001 61']],
  ['an empty chunk', ['', '81', '', '01', '', '61', '']]
]) {
  contract(`receives ${title} (RFC 6455 5.2)`, (s) => {
    s.log('start');
    return receive(s, undefined, chunks);
  });
}

for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 200 * 1024]) {
  contract(`receives a masked payload of ${length} bytes (RFC 6455 5.3)`, (s) =>
    receive(s, SERVER, [
      frame(0x82, Buffer.alloc(length, 'abcdefg')),
      // In three pieces, and text.
      ...thirds(frame(0x81, Buffer.alloc(length, 'hijklmn')))
    ])
  );
}

function thirds(buffer) {
  const third = Math.ceil(buffer.length / 3);
  return [0, 1, 2].map((i) => buffer.subarray(i * third, (i + 1) * third));
}

contract(
  'receives the same whole and byte by byte, at once and one event per macrotask',
  async (s) => {
    await receive(s, SERVER, [STREAM]);
    await receive(
      s,
      SERVER,
      [...STREAM].map((byte) => Buffer.from([byte]))
    );
    const deferred = { ...SERVER, allowSynchronousEvents: false };
    await receive(s, deferred, [STREAM]);
  },
  (log) =>
    assert.deepStrictEqual(log, [
      ...EVENTS,
      ...EVENTS.slice(0, -2),
      ['finish'],
      ['close'],
      ...EVENTS
    ])
);

contract('receives the same wherever its bytes are cut in two', async (s) => {
  for (let at = 1; at < STREAM.length; at++) {
    s.log(at);
    await receive(s, SERVER, [STREAM.subarray(0, at), STREAM.subarray(at)]);
  }
});

contract(
  'receives any number of frames in one chunk, the last of them unfinished',
  async (s) => {
    for (const count of [15, 16, 17, 31, 32, 33, 1000]) {
      const frames = Array.from({ length: count }, (_, i) =>
        frame(0x82, `${i}`)
      );
      const all = Buffer.concat([...frames, frame(0x89, 'last')]);

      s.log(count);
      await receive(s, SERVER, [all.subarray(0, -1), all.subarray(-1)]);
    }
  },
  (log) => assert.strictEqual(log.at(-1)[0], 'ping')
);

contract('ignores what is behind a close frame, and has ended', async (s) => {
  await receive(s, {}, ['88 00 81 01 61 ff ff', '81 01 61']);
  // Written before the first chunk is done with.
  const receiver = makeReceiver(s, { allowSynchronousEvents: false });
  receiver.write(bytes('89 00 88 00'));
  receiver.write(bytes('81 01 61'), (err) => s.log('second', err));
  receiver.on('conclude', () => s.log(receiver.writableEnded));
  await turns();
  s.log(receiver.writableEnded, receiver.destroyed);
});

contract(
  'a Uint8Array, a string and shared memory may be written',
  async (s) => {
    const receiver = makeReceiver(s);
    const shared = Buffer.from(new SharedArrayBuffer(3));

    shared.set([0x82, 0x01, 0x63]);
    receiver.write(new Uint8Array([0x82, 0x01, 0x61]));
    receiver.write('8201', 'hex');
    receiver.write('b');
    receiver.write(shared);
    for (const chunk of [null, undefined, 1, {}]) {
      try {
        receiver.write(chunk);
      } catch (err) {
        s.log(err);
      }
    }
    receiver.end(bytes('89 00'));
    await turns();
  }
);

contract(
  'a payload in one piece shares the memory of its chunk, where it is unmasked',
  async ({ lib, log }) => {
    const receiver = new lib.Receiver(SERVER);
    const chunk = bytes(frame(0x82, 'payload'));

    receiver.on('message', (data) => log(data.buffer === chunk.buffer));
    receiver.on('ping', (data) => log(data.buffer === chunk.buffer));
    receiver.write(chunk);
    log(chunk.subarray(-7).toString());
    receiver.write(bytes(frame(0x89)));
  },
  (log) => assert.deepStrictEqual(log, [[true], ['payload'], [false]])
);

contract(
  'what a listener throws is thrown by write(), and nothing more is received',
  async (s) => {
    for (const event of ['message', 'ping', 'conclude']) {
      const receiver = makeReceiver(s);
      const first = { message: '81 01 61', ping: '89 00', conclude: '88 00' };

      receiver.on(event, () => {
        throw new Error(event);
      });
      try {
        receiver.write(bytes(first[event]), (err) => s.log('written', err));
      } catch (err) {
        s.log('thrown', err);
      }
      s.log(receiver.write(bytes('8a 00')), receiver.writableLength);
      await turns(3);
    }
  },
  (log) => assert.strictEqual(log[1][0], 'thrown')
);

test('what a listener writes is received after the chunk, in both libraries', async () => {
  for (const lib of Object.values(libraries)) {
    const log = [];
    const receiver = makeReceiver({ lib, log: (...all) => log.push(all[0]) });

    receiver.once('ping', () => receiver.write(bytes('82 00')));
    receiver.write(bytes('89 00 8a 00'));
    await turns(3);
    assert.deepStrictEqual(log, ['ping', 'pong', 'message']);
  }
});

test('shared memory is not written to: another thread may hold it', () => {
  const { ferrows } = libraries;
  const receiver = new ferrows.Receiver({ isServer: true });
  const whole = frame(0x82, 'payload');
  const chunk = Buffer.from(new SharedArrayBuffer(whole.length));
  const messages = [];

  chunk.set(whole);
  receiver.on('message', (data) => messages.push(data.toString()));
  receiver.write(chunk);
  assert.deepStrictEqual(messages, ['payload']);
  assert.ok(chunk.equals(whole));
});
