'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { agreed, NAME, words } = require('../deflate/support');
const { decompressed } = require('../deflate/support');
const { contract, libraries } = require('../support/contract');
const { turns } = require('../support/session');

const NO_TAKEOVER = {
  client_no_context_takeover: true,
  server_no_context_takeover: true
};

/** A socket that keeps what it is to write, and how often it was corked. */
class KeepingSocket {
  constructor() {
    this.destroyed = false;
    this.written = [];
    this.corks = 0;
  }

  cork() {
    this.corks++;
  }

  uncork() {}

  write(data, cb) {
    this.written.push(Buffer.from(data));
    if (cb) process.nextTick(cb);
  }

  /** The frames that were written: `[first byte, payload]`; none is longer than 65 535 bytes. */
  frames() {
    const bytes = Buffer.concat(this.written);
    const frames = [];

    for (let at = 0; at < bytes.length;) {
      const first = bytes[at];
      let length = bytes[at + 1] & 0x7f;
      const key = bytes[at + 1] & 0x80;
      at += 2;
      if (length === 126) {
        length = bytes.readUInt16BE(at);
        at += 2;
      }
      const mask = key ? bytes.subarray(at, (at += 4)) : Buffer.alloc(4);
      const payload = Buffer.from(bytes.subarray(at, (at += length)));
      frames.push([first, payload.map((byte, i) => byte ^ mask[i & 3])]);
    }
    return frames;
  }
}

/** Makes a sender that has agreed on permessage-deflate. */
function makeSender(scenario, { generateMask, options, params } = {}) {
  const socket = new KeepingSocket();
  const extensions = { [NAME]: agreed(scenario, options, params) };
  const sender = new scenario.lib.Sender(socket, extensions, generateMask);
  return { sender, socket };
}

/** Logs the frames: those that are compressed as what they are, each for itself. */
function logFrames({ log }, socket) {
  for (const [first, payload] of socket.frames()) {
    const isCompressed = first & 0x40;
    log(first.toString(16), isCompressed ? decompressed(payload) : payload);
  }
}

/** Resolves when the sender has sent all that it has. */
async function sent(sender) {
  while (sender._bufferedBytes !== 0) await turns(1);
  await turns(1);
}

contract(
  'a Sender compresses what it is told to, and sets RSV1 (RFC 7692 6)',
  async (scenario) => {
    const { sender, socket } = makeSender(scenario, {
      options: { threshold: 0 },
      params: NO_TAKEOVER
    });

    for (const compress of [true, false, undefined, 1, 0, '']) {
      sender.send('text', { compress, fin: true });
      sender.send(Buffer.from('bytes'), { binary: true, compress, fin: true });
    }
    sender.send('', { compress: true, fin: true });
    sender.send(new Uint16Array([1, 2]), { compress: true, fin: true });
    sender.send(new ArrayBuffer(3), { compress: true, fin: true });
    await sent(sender);
    logFrames(scenario, socket);
    scenario.log(socket.corks);
  },
  (log) => {
    assert.deepStrictEqual(log[0], ['c1', 'Buffer 74657874']);
    assert.strictEqual(log[2][0], '81');
  }
);

contract(
  'a Sender looks at the threshold only where the context is not kept',
  async (scenario) => {
    for (const isServer of [true, false]) {
      for (const params of [
        {},
        { client_no_context_takeover: true },
        { server_no_context_takeover: true },
        NO_TAKEOVER
      ]) {
        for (const threshold of [undefined, 3]) {
          const { sender, socket } = makeSender(scenario, {
            options: { isServer, threshold },
            params
          });
          for (const data of ['é', 'éa', Buffer.alloc(2), new Blob(['abc'])]) {
            sender.send(data, { compress: true, fin: true });
          }
          await sent(sender);
          scenario.log(
            isServer,
            params,
            socket.frames().map(([first]) => first)
          );
        }
      }
    }
  }
);

contract(
  'a Sender compresses a message or not, as its first fragment says (RFC 7692 6)',
  async (scenario) => {
    const { sender, socket } = makeSender(scenario, {
      options: { threshold: 3 },
      params: NO_TAKEOVER
    });
    const parts = (...list) => {
      for (const [i, [data, compress]] of list.entries()) {
        const fin = i === list.length - 1;
        sender.send(data, { compress, fin });
        if (!fin) sender.ping('ping');
      }
    };

    parts(['123', true], ['12', true], ['', true]);
    parts(['12', true], ['12345', true]);
    parts(['123', false], ['12345', true]);
    parts(['123', true], ['12345', false]);
    await sent(sender);
    scenario.log(socket.frames().map(([first]) => first.toString(16)));
    scenario.log(socket.frames().map(([, payload]) => payload.length > 0));
  },
  ([[bits]]) =>
    assert.strictEqual(bits.join(' '), '41 89 0 89 80 1 89 80 1 89 80 41 89 80')
);

contract(
  'frames wait for one that is being compressed, and leave in their order',
  async (scenario) => {
    const { log } = scenario;
    const { sender, socket } = makeSender(scenario, {
      options: { threshold: 0 },
      params: NO_TAKEOVER
    });
    const called = (name) => (err) => log(name, err, sender._bufferedBytes);
    const options = { compress: true, fin: true };

    sender.send('first', options, called('first'));
    log(sender._bufferedBytes, socket.written.length);
    sender.ping('ping', false, called('ping'));
    sender.send(new Blob(['blob']), options, called('blob'));
    sender.send('plain', { fin: true }, called('plain'));
    sender.send(words(1000), options, called('words'));
    sender.pong('pong', false, called('pong'));
    sender.close(1000, 'done', false, called('close'));
    log(sender._bufferedBytes, socket.written.length);
    await sent(sender);
    log(sender._bufferedBytes);
    logFrames(scenario, socket);
  },
  (log) => {
    assert.deepStrictEqual(log[0], [5, 0]);
    assert.deepStrictEqual(log[1], [5 + 4 + 4 + 5 + 1000 + 4 + 6, 0]);
  }
);

contract('a Sender masks what it has compressed', async (scenario) => {
  const generateMask = (key) => key.set([1, 2, 3, 4]);
  const { sender, socket } = makeSender(scenario, { generateMask });
  const data = Buffer.from('the data of the user');

  sender.send(data, { compress: true, fin: true, mask: true });
  sender.send('text', { compress: true, fin: true, mask: true });
  await sent(sender);
  scenario.log(data.toString(), socket.corks);
  const [[, first], [, second]] = socket.frames();
  scenario.log(decompressed(first, second));
});

contract(
  'a socket that is destroyed meanwhile fails all that wait',
  async (scenario) => {
    const { log } = scenario;
    const { sender, socket } = makeSender(scenario);
    const called = (name) => (err) => log(name, err);

    sender.onerror = () => log('onerror');
    sender.send('first', { compress: true, fin: true }, called('first'));
    sender.send('second', { compress: true, fin: true }, called('second'));
    sender.ping('ping', false);
    sender.close(1000, '', false, called('close'));
    socket.destroyed = true;
    await turns(20);
    await new Promise((resolve) => setTimeout(resolve, 20));
    log(socket.written.length, sender._bufferedBytes);
  },
  (log) => {
    assert.deepStrictEqual(
      log.map(([name]) => name),
      ['first', 'second', 'close', 0]
    );
    assert.strictEqual(
      log[0][1].message,
      'The socket was closed while data was being compressed'
    );
  }
);

test('cleanup() meanwhile fails all that wait (ws throws)', async () => {
  const { ferrows: lib } = libraries;
  const { sender, socket } = makeSender({ lib });
  const errors = [];

  for (const text of ['first', 'second']) {
    sender.send(text, { compress: true, fin: true }, (err) =>
      errors.push(err.message)
    );
  }
  sender._extensions[NAME].cleanup();
  await turns();
  assert.deepStrictEqual(
    errors,
    Array(2).fill('The socket was closed while data was being compressed')
  );
  assert.strictEqual(socket.written.length, 0);
});

test('compress has no effect on a Sender without the extension (ws throws)', () => {
  const socket = new KeepingSocket();
  const sender = new libraries.ferrows.Sender(socket);

  sender.send('text', { compress: true, fin: true });
  assert.deepStrictEqual(socket.frames()[0][0], 0x81);
});

test("a Sender takes the other library's PerMessageDeflate", async () => {
  for (const [own, other] of [
    ['ws', 'ferrows'],
    ['ferrows', 'ws']
  ]) {
    const socket = new KeepingSocket();
    const extension = agreed({ lib: libraries[other] }, {}, NO_TAKEOVER);
    const sender = new libraries[own].Sender(socket, { [NAME]: extension });

    sender.send(words(2000), { compress: true, fin: true });
    sender.send('short', { compress: true, fin: true });
    await sent(sender);
    const [[first, payload], [second]] = socket.frames();
    assert.deepStrictEqual([first, second], [0xc1, 0x81]);
    assert.strictEqual(decompressed(payload).toString(), words(2000));
  }
});
