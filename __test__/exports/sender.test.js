'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { PassThrough } = require('node:stream');
const { test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { pair } = require('../support/serve');
const { turns } = require('../support/session');

/** A socket that logs what is asked of it. */
class LoggingSocket {
  constructor(log) {
    this.destroyed = false;
    this._log = log;
  }

  cork() {
    this._log('cork');
  }

  uncork() {
    this._log('uncork');
  }

  write(data, cb) {
    this._log('write', data, typeof cb);
    if (cb) process.nextTick(cb);
  }
}

/** Fills a masking key. */
const mask1234 = (key) => key.set([1, 2, 3, 4]);

const TYPES = [
  ['a string', () => '\u20ac'],
  ['an empty string', () => ''],
  ['a Buffer', () => Buffer.from('abc')],
  ['an empty Buffer', () => Buffer.alloc(0)],
  ['a Uint8Array', () => new Uint8Array([1, 2, 3]).subarray(1)],
  ['a Uint16Array', () => new Uint16Array([0x6161, 0x6262])],
  ['a DataView', () => new DataView(new ArrayBuffer(4), 1, 2)],
  ['an ArrayBuffer', () => new ArrayBuffer(3)],
  ['a SharedArrayBuffer', () => new SharedArrayBuffer(3)],
  ['an array', () => [1, 2, 3]],
  ['what valueOf() gives', () => ({ valueOf: () => 'abc' })]
];

for (const mask of [false, true, undefined]) {
  contract(
    `send(), ping() and pong() take data of every type, with mask: ${mask}`,
    async ({ lib, log }) => {
      const sender = new lib.Sender(new LoggingSocket(log), {}, mask1234);

      for (const [type, make] of TYPES) {
        // ws masks shared memory in place, Ferrows never: that has a test of its own.
        if (mask && type === 'a SharedArrayBuffer') continue;
        for (const binary of [true, false]) {
          log(type, binary);
          sender.send(make(), { binary, fin: true, mask });
        }
        sender.ping(make(), mask);
        sender.pong(make(), mask, () => log('written'));
        await turns(1);
      }
    }
  );
}

test('data in shared memory is sent masked, and is not changed', () => {
  const { ferrows } = libraries;
  const log = [];
  const socket = new LoggingSocket((...entry) => log.push(entry));
  const sender = new ferrows.Sender(socket, {}, mask1234);
  const shared = new SharedArrayBuffer(2);

  sender.send(shared, { binary: true, fin: true, mask: true });
  assert.deepStrictEqual(log[0][1].toString('hex'), '8282010203040102');
  assert.deepStrictEqual(Buffer.from(shared).toString('hex'), '0000');
});

contract('data of no type throws a TypeError', ({ lib, log }) => {
  const sender = new lib.Sender(new LoggingSocket(log));

  for (const data of [undefined, 1, true, {}, () => {}]) {
    for (const call of [
      () => sender.send(data, { fin: true }),
      () => sender.ping(data),
      () => sender.pong(data)
    ]) {
      assert.throws(call, (err) => {
        log(String(data), err);
        return err instanceof TypeError;
      });
    }
  }
  // What throws changes nothing.
  sender.send('text', { fin: true });
});

contract('data of the user is sent masked, and is not changed', (scenario) => {
  const { lib, log } = scenario;
  const sender = new lib.Sender(new LoggingSocket(log), {}, mask1234);
  const bytes = Buffer.from('abcdef');
  const array = [1, 2, 3];

  for (const data of [bytes, new Uint8Array(bytes), array]) {
    sender.send(data, { binary: true, fin: true, mask: true });
    sender.ping(data, true);
    log(Buffer.from(data));
  }
});

contract(
  'send() gives the fragments of a message their opcodes (RFC 6455 5.4)',
  ({ lib, log }) => {
    const sender = new lib.Sender(new LoggingSocket(log));

    for (const fin of [false, undefined, true, 1, true]) {
      sender.send('text', { fin });
      sender.ping('between');
      sender.send(Buffer.from('binary'), { binary: true, fin });
    }
    sender.send('text', { binary: true, fin: true });
    sender.send(Buffer.from('binary'), { binary: false, fin: true });
  },
  (log) => {
    const headers = log.filter(([, data]) => data?.length === 11);
    assert.deepStrictEqual(headers[0], ['write', 'Buffer 0104', 'undefined']);
  }
);

contract(
  'ping() and pong() throw a RangeError over 125 bytes',
  ({ lib, log }) => {
    const sender = new lib.Sender(new LoggingSocket(log), {}, mask1234);

    for (const name of ['ping', 'pong']) {
      for (const data of [
        Buffer.alloc(126),
        'a'.repeat(126),
        '\u20ac'.repeat(42),
        new Blob(['a'.repeat(126)])
      ]) {
        try {
          sender[name](data);
        } catch (err) {
          log(name, err);
        }
      }
      sender[name]('a'.repeat(125));
      sender[name](Buffer.alloc(125), true, undefined);
    }
  },
  (log) => assert.strictEqual(log[3][1].name, 'RangeError')
);

contract(
  'close() sends a close frame, or throws for what it may not have',
  ({ lib, log }) => {
    const sender = new lib.Sender(new LoggingSocket(log), {}, mask1234);
    const calls = [
      [],
      [1000],
      [1000, ''],
      [1000, 'done'],
      [1000, Buffer.from('done')],
      [1000, new Uint8Array([0x61])],
      [1000, '\u20ac'.repeat(41)],
      [4999, 'a'.repeat(123), true],
      [undefined, 'ignored', true],
      [3000, undefined, true],
      [1000, 'a'.repeat(124)],
      [1000, '\u20ac'.repeat(42)],
      [1000, [1, 2]],
      [999],
      [1004],
      [1005],
      [1006],
      [1015],
      [2999],
      [5000],
      ['1000'],
      [null],
      [NaN]
    ];

    for (const [index, args] of calls.entries()) {
      try {
        log(index, sender.close(...args));
      } catch (err) {
        log(index, err);
      }
    }
    sender.close(1000, 'done', false, () => {});
  }
);

contract(
  'generateMask fills a Buffer of the sender, once for each masked frame',
  ({ lib, log }) => {
    const keys = [];
    const make = () =>
      new lib.Sender(new LoggingSocket(log), {}, (key) => {
        keys.push(key);
        key.fill(keys.length);
      });
    const sender = make();

    sender.send('one', { fin: true, mask: true });
    sender.send('two', { fin: true, mask: false });
    sender.ping('three', true);
    sender.pong('', true);
    sender.close(1000, undefined, true);
    log(keys.length, Buffer.isBuffer(keys[0]), keys[0].length);
    log(keys.every((key) => key === keys[0]));
    make().ping('', true);
    log(keys.at(-1) === keys[0], keys[0]);
  },
  (log) => assert.strictEqual(log.at(-1)[0], false)
);

contract('a key of zeros masks nothing', ({ lib, log }) => {
  const sender = new lib.Sender(new LoggingSocket(log), {}, (k) => k.fill(0));

  for (const [, make] of TYPES) {
    sender.send(make(), { binary: true, fin: true, mask: true });
  }
  sender.close(1000, 'done', true);
});

test('without generateMask keys are random, in both libraries', () => {
  for (const { Sender } of Object.values(libraries)) {
    const keys = new Set();
    const socket = { write: (data) => keys.add(data.toString('hex', 2, 6)) };
    const sender = new Sender(socket);

    // More than the 2048 keys that are made at a time.
    for (let i = 0; i < 5000; i++) sender.ping('', true);
    assert.ok(keys.size > 4990, `${keys.size}`);
  }
});

contract(
  'callbacks are those of the stream: in order, and with its error',
  async ({ lib, log }) => {
    const stream = new PassThrough();
    const sender = new lib.Sender(stream);
    const called = (name) => (err) => log(name, err);

    stream.on('error', () => {});
    sender.send('message', { fin: true }, called('message'));
    sender.send('', { fin: true }, called('empty'));
    sender.ping('ping', false, called('ping'));
    sender.pong('pong', true, called('pong'));
    sender.close(1000, 'done', false, called('close'));
    await turns(2);
    log(stream.read().length);
    stream.destroy();
    sender.send('late', { fin: true }, called('late'));
    await turns(2);
  },
  (log) => assert.strictEqual(log.at(-1)[1].code, 'ERR_STREAM_DESTROYED')
);

for (const mask of [false, true]) {
  contract(
    `what a Sender writes a Receiver reads, with mask: ${mask}`,
    async ({ lib, log }) => {
      const stream = new PassThrough();
      const sender = new lib.Sender(stream);
      const receiver = new lib.Receiver({ isServer: mask });

      for (const event of ['message', 'ping', 'pong', 'conclude']) {
        receiver.on(event, (...args) => log(event, ...args));
      }
      stream.pipe(receiver);
      for (const length of [0, 125, 126, 65_535, 65_536]) {
        sender.send('a'.repeat(length), { fin: false, mask });
        sender.ping(`${length}`, mask);
        sender.send(Buffer.alloc(length, 'b'), { fin: true, mask });
      }
      sender.send(new Blob(['blob']), { binary: true, fin: true, mask });
      sender.close(1000, 'done', mask);
      await once(receiver, 'conclude');
    }
  );
}

contract(
  'ws._sender sends frames of every kind on the connection',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const sender = ws._sender;

    sender.send('text', { fin: true }, (err) => log('text', err));
    sender.send(Buffer.from('ab'), { binary: true, fin: false });
    sender.send(new Blob(['cd']), { binary: true, fin: true });
    sender.ping('ping', false, (err) => log('ping', err));
    sender.pong('pong', true);
    sender.close(1000, 'done', false);
    for (let i = 0; i < 4; i++) log(await client.readFrame());
    log((await client.read(6)).subarray(0, 2));
    log(await client.read(4).then((bytes) => bytes.length));
    log(await client.readFrame());
  },
  (log) => assert.strictEqual(log.length, 9)
);
