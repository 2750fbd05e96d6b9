'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { agreed, call, compressed, NAME } = require('../deflate/support');
const { noise, words } = require('../deflate/support');
const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { bytes, makeReceiver } = require('./support');

const TEXT = 0xc1;
const BINARY = 0xc2;

/** The options of a server's receiver that has agreed on permessage-deflate. */
function options(scenario, more, params) {
  const maxPayload = more?.maxPayload;
  const extension = agreed(scenario, { isServer: true, maxPayload }, params);
  return { extensions: { [NAME]: extension }, isServer: true, ...more };
}

/** Writes chunks to a receiver, each when the one before is done with, and ends it. */
async function receive(scenario, how, chunks) {
  const receiver = makeReceiver(scenario, how);
  const closed = new Promise((resolve) => receiver.on('close', resolve));

  for (const chunk of chunks) {
    if (receiver.destroyed) break;
    await new Promise((resolve) => {
      receiver.write(bytes(chunk), (err) => {
        if (err) scenario.log('not written', err);
        resolve();
      });
    });
  }
  receiver.end();
  await closed;
}

/** Frames of every kind, some compressed, some in fragments. */
async function makeStream() {
  const peer = agreed({ lib: libraries.ws });
  const compress = (data, fin = true) => call(peer, 'compress', data, fin);

  return Buffer.concat([
    frame(TEXT, await compress('Hello')),
    frame(TEXT, await compress('Hello')),
    frame(0x81, 'plain'),
    frame(BINARY, await compress(noise(300))),
    frame(0x89, 'ping'),
    frame(0x41, await compress('one ', false)),
    frame(0x8a, 'pong'),
    frame(0x00),
    frame(0x00, await compress('two ', false)),
    frame(0x80, await compress('three')),
    frame(0x02, 'plain '),
    frame(0x80, 'fragments'),
    frame(TEXT, await compress('')),
    frame(BINARY, Buffer.from([0])),
    frame(TEXT, await compress(words(300))),
    frame(0x88, Buffer.from('03e8', 'hex'))
  ]);
}

contract(
  'a Receiver decompresses messages, in their order with all others (RFC 7692 7.2.2)',
  async (scenario) => {
    const stream = await makeStream();

    await receive(scenario, options(scenario), [stream]);
    await receive(
      scenario,
      options(scenario),
      [...stream].map((byte) => Buffer.from([byte]))
    );
    for (const at of [1, 7, 20, 340, 400, stream.length - 1]) {
      await receive(scenario, options(scenario), [
        stream.subarray(0, at),
        stream.subarray(at)
      ]);
    }
  },
  (log) => {
    const hello = ['message', 'Buffer 48656c6c6f', false];
    assert.deepStrictEqual(log.slice(0, 2), [hello, hello]);
    assert.deepStrictEqual(log.at(-3), ['conclude', 1000, 'Buffer ']);
  }
);

contract(
  'a Receiver tells of a chunk when all its messages were emitted',
  async (scenario) => {
    const { log } = scenario;
    const receiver = makeReceiver(scenario, options(scenario));
    const written = (name) =>
      new Promise((resolve) =>
        receiver.write(
          bytes(
            Buffer.concat([
              frame(TEXT, compressed(`${name} first`)),
              frame(TEXT, compressed(`${name} last`))
            ])
          ),
          (err) => {
            log(name, err);
            resolve();
          }
        )
      );

    const all = Promise.all([written('a'), written('b')]);
    log('nothing yet');
    await all;
  },
  (log) =>
    assert.deepStrictEqual(
      log.map(([first, second]) =>
        first === 'message' ? second.length : first
      ),
      ['nothing yet', 7 + 14, 7 + 12, 'a', 7 + 14, 7 + 12, 'b']
    )
);

for (const binaryType of ['arraybuffer', 'fragments', 'blob']) {
  contract(
    `a Receiver gives what it has decompressed as ${binaryType}`,
    async (scenario) => {
      const log = (...values) =>
        scenario.log(...values.map((value) => value?.size ?? value));
      const peer = agreed({ lib: libraries.ws });

      await receive({ ...scenario, log }, options(scenario, { binaryType }), [
        frame(BINARY, await call(peer, 'compress', 'one')),
        frame(0x42, await call(peer, 'compress', 'two', false)),
        frame(0x00, await call(peer, 'compress', '', false)),
        frame(0x80, await call(peer, 'compress', 'three')),
        frame(TEXT, await call(peer, 'compress', 'text')),
        frame(BINARY, await call(peer, 'compress', ''))
      ]);
    }
  );
}

contract(
  'a Receiver emits one event per macrotask, if allowSynchronousEvents is false',
  async (scenario) => {
    const { log } = scenario;
    const how = options(scenario, { allowSynchronousEvents: false });
    const receiver = makeReceiver(scenario, how);
    receiver.on('message', () =>
      Promise.resolve().then(() => log('microtask'))
    );
    const closed = new Promise((resolve) => receiver.on('close', resolve));
    const frames = ['one', 'two', 'three'].map((text, i) =>
      frame(i === 1 ? BINARY : TEXT, compressed(text))
    );

    receiver.write(Buffer.concat([...frames, frame(0x88)]));
    await closed;
  }
);

contract(
  'a Receiver refuses what cannot be decompressed, with the error of zlib',
  async (scenario) => {
    for (const hex of ['ffff', '0100', 'f200110000']) {
      await receive(scenario, options(scenario), [
        Buffer.concat([
          frame(0x81, 'before'),
          frame(TEXT, Buffer.from(hex, 'hex')),
          frame(0x81, 'behind')
        ])
      ]);
    }
  },
  (log) => {
    const [, error, status] = log.find(([event]) => event === 'error');
    assert.strictEqual(error.code, 'Z_DATA_ERROR');
    assert.deepStrictEqual(status, [1007]);
  }
);

contract(
  'a Receiver limits what is decompressed, and the sum of its fragments',
  async (scenario) => {
    const how = () => options(scenario, { maxPayload: 25 });
    const peer = agreed({ lib: libraries.ws });
    const fragment = await call(peer, 'compress', 'A'.repeat(13), false);
    const last = await call(peer, 'compress', 'A'.repeat(13));

    await receive(scenario, how(), [
      frame(TEXT, compressed('A'.repeat(25))),
      frame(TEXT, compressed('A'.repeat(26)))
    ]);
    await receive(scenario, how(), [frame(0x41, fragment), frame(0x80, last)]);
    // The sum is that of one message.
    await receive(scenario, how(), [
      frame(TEXT, compressed('A'.repeat(20))),
      frame(TEXT, compressed('A'.repeat(20)))
    ]);
    // The codec has no limit, or another one.
    const extensions = { [NAME]: agreed(scenario, { isServer: true }) };
    await receive(scenario, { ...how(), extensions }, [
      frame(BINARY, compressed(Buffer.alloc(100_000)))
    ]);
  },
  (log) => {
    const errors = log.filter(([event]) => event === 'error');
    assert.strictEqual(errors.length, 3);
    for (const [, { code }, status] of errors) {
      assert.strictEqual(code, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
      assert.deepStrictEqual(status, [1009]);
    }
  }
);

contract(
  'a Receiver checks text when it is decompressed, unless it is told not to',
  async (scenario) => {
    const bad = frame(TEXT, compressed(Buffer.from('61c3', 'hex')));

    await receive(scenario, options(scenario), [bad]);
    const how = options(scenario, { skipUTF8Validation: true });
    await receive(scenario, how, [bad]);
    // A sequence that two fragments share.
    const peer = agreed({ lib: libraries.ws });
    const [first, second] = ['c3', 'a9'].map((hex) => Buffer.from(hex, 'hex'));
    await receive(scenario, options(scenario), [
      frame(0x41, await call(peer, 'compress', first, false)),
      frame(0x80, await call(peer, 'compress', second))
    ]);
  },
  (log) => {
    const [, { code }, status] = log.find(([event]) => event === 'error');
    assert.strictEqual(code, 'WS_ERR_INVALID_UTF8');
    assert.deepStrictEqual(status, [1007]);
  }
);

contract(
  'a Receiver without the extension, or with RSV1 in the wrong place, refuses it (RFC 7692 6)',
  async (scenario) => {
    await receive(scenario, { isServer: true }, [frame(TEXT, 'x')]);
    for (const extensions of [{}, { other: {} }]) {
      const how = { extensions, isServer: true };
      await receive(scenario, how, [frame(TEXT, 'x')]);
    }
    for (const first of [0xc9, 0xca, 0xc8, 0xc0, 0xa1, 0x91]) {
      await receive(scenario, options(scenario), [
        frame(0x41, compressed('x')),
        frame(first)
      ]);
    }
  }
);

test("a Receiver takes the other library's PerMessageDeflate", async () => {
  for (const [own, other] of [
    ['ws', 'ferrows'],
    ['ferrows', 'ws']
  ]) {
    const events = [];
    const how = options({ lib: libraries[other] });
    const scenario = {
      lib: libraries[own],
      log: (...values) => events.push(values)
    };
    await receive(scenario, how, [await makeStream()]);
    assert.strictEqual(
      events.filter(([event]) => event === 'message').length,
      9
    );
  }
});
