'use strict';

const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const zlib = require('node:zlib');

const { contract, libraries } = require('../support/contract');
const { statusOf } = require('../exports/support');
const { agreed, call, compressed } = require('./support');
const { decompressed, noise, words } = require('./support');

const { ferrows } = libraries;

const NO_TAKEOVER = {
  client_no_context_takeover: true,
  server_no_context_takeover: true
};

/** The settings of both ends: window bits, takeover. */
const AGREEMENTS = [8, 9, 10, 11, 12, 13, 14, 15].flatMap((bits) =>
  [{}, NO_TAKEOVER].map((takeover) => ({
    client_max_window_bits: String(bits),
    server_max_window_bits: String(bits),
    ...takeover
  }))
);

/** Messages of every kind of size, some like others before. */
const MESSAGES = [
  '',
  'a',
  words(100),
  words(100),
  words(5000, 2),
  words(5000, 2),
  '',
  noise(3000),
  noise(3000),
  words(100_000, 3),
  Buffer.alloc(300_000),
  noise(70_000, 4)
];

function fromHex(hex) {
  return Buffer.from(hex.replace(/\s/g, ''), 'hex');
}

contract(
  "compresses RFC 7692's examples, and decompresses them (RFC 7692 7.2.3)",
  async (scenario) => {
    const { log } = scenario;
    // Ferrows has code of its own, which needs no literal before the match, but where memory is short.
    const zlibDeflateOptions = { memLevel: 1 };
    const server = agreed(scenario, { isServer: true, zlibDeflateOptions });
    log(await call(server, 'compress', 'Hello'));
    // 7.2.3.2: the second refers to the first.
    log(await call(server, 'compress', Buffer.from('Hello')));
    // 7.2.3.6: an empty one.
    log(await call(server, 'compress', ''));

    const client = agreed(scenario);
    for (const hex of [
      'f248cdc9c90700',
      'f200110000',
      // 7.2.3.3: not compressed.
      '000500faff48656c6c6f00',
      // 7.2.3.4: a final block, at last: with ws the next message refers to nothing.
      'f348cdc9c9070000',
      // 7.2.3.5: two blocks.
      'f248050000 00ffff cac9c90700',
      '00'
    ]) {
      log(await call(client, 'decompress', fromHex(hex)));
    }
  },
  (log) => {
    assert.deepStrictEqual(log[0], ['Buffer f248cdc9c90700']);
    assert.deepStrictEqual(log[1], ['Buffer f200110000']);
  }
);

for (const [from, to] of [
  ['ws', 'ferrows'],
  ['ferrows', 'ws'],
  ['ferrows', 'ferrows']
]) {
  test(`${to} decompresses what ${from} compresses, under every agreement`, async () => {
    for (const params of AGREEMENTS) {
      for (const isServer of [true, false]) {
        const sender = agreed({ lib: libraries[from] }, { isServer }, params);
        const receiver = agreed(
          { lib: libraries[to] },
          { isServer: !isServer },
          params
        );

        for (const message of MESSAGES) {
          const payload = await call(sender, 'compress', message);
          const result = await call(receiver, 'decompress', payload);
          assert.ok(
            result.equals(Buffer.from(message)),
            JSON.stringify(params)
          );
        }
      }
    }
  });

  test(`${to} decompresses fragments that ${from} compresses`, async () => {
    for (const params of AGREEMENTS) {
      const sender = agreed({ lib: libraries[from] }, {}, params);
      const receiver = agreed(
        { lib: libraries[to] },
        { isServer: true },
        params
      );

      // Each list is a message.
      for (const list of [
        ['', ''],
        ['', 'a', ''],
        [words(50), words(50)],
        [words(40_000), '', noise(100), words(40_000)],
        [words(50), words(50)]
      ]) {
        for (const [index, data] of list.entries()) {
          const fin = index === list.length - 1;
          const payload = await call(sender, 'compress', data, fin);
          const result = await call(receiver, 'decompress', payload, fin);
          assert.ok(result.equals(Buffer.from(data)));
        }
      }
    }
  });
}

test("compresses as well as ws within 5 %, at zlib's default level and its next", async () => {
  for (const level of [undefined, -1, 5, 6, 7, 8]) {
    const options = { zlibDeflateOptions: { level } };
    const sizes = {};

    for (const name of ['ws', 'ferrows']) {
      const instance = agreed({ lib: libraries[name] }, options);
      sizes[name] = 0;
      for (const file of ['README.md', 'docs/api.md', 'lib/websocket.js']) {
        const text = readFileSync(path.join(__dirname, '../..', file));
        sizes[name] += (await call(instance, 'compress', text)).length;
      }
    }
    assert.ok(
      sizes.ferrows <= 1.05 * sizes.ws,
      `level ${level}: ${JSON.stringify(sizes)}`
    );
  }
});

test("honours zlib's level, memLevel and strategy", async () => {
  const text = words(50_000);
  const size = async (zlibDeflateOptions) =>
    (
      await call(
        agreed({ lib: ferrows }, { zlibDeflateOptions }),
        'compress',
        text
      )
    ).length;
  const usual = await size({});

  assert.ok((await size({ level: 0 })) > text.length);
  assert.ok((await size({ level: 1 })) > usual);
  assert.notStrictEqual(await size({ memLevel: 1 }), usual);
  assert.ok((await size({ strategy: zlib.constants.Z_HUFFMAN_ONLY })) > usual);
});

contract(
  'keeps the context, or forgets it, as was agreed (RFC 7692 7.1.1)',
  async (scenario) => {
    const { log } = scenario;
    const text = words(200);

    for (const isServer of [true, false]) {
      for (const params of [
        {},
        { server_no_context_takeover: true },
        { client_no_context_takeover: true },
        NO_TAKEOVER
      ]) {
        const sender = agreed(scenario, { isServer }, params);
        const first = await call(sender, 'compress', text);
        const second = await call(sender, 'compress', text);
        log(isServer, params, second.length < first.length / 4);

        const receiver = agreed(scenario, { isServer: !isServer }, params);
        await call(receiver, 'decompress', compressed(text));
        // It refers to the message before.
        const [one, two] = [text.slice(0, 100), text.slice(0, 100)];
        const keeping = agreed(scenario, { isServer });
        await call(keeping, 'compress', one);
        const reference = await call(keeping, 'compress', two);
        const other = agreed(scenario, { isServer: !isServer }, params);
        await call(other, 'decompress', compressed(one));
        try {
          log(await call(other, 'decompress', reference));
        } catch (error) {
          log(error);
        }
      }
    }
  },
  (log) => {
    assert.deepStrictEqual(log[0], [true, {}, true]);
    assert.ok(log.some(([value]) => value?.code === 'Z_DATA_ERROR'));
  }
);

contract(
  'bad data is the error of zlib, and the next message starts anew (RFC 7692 7.2.2)',
  async (scenario) => {
    const { log } = scenario;
    const receiver = agreed(scenario, { isServer: true });

    for (const hex of [
      'ffff',
      'f200110000',
      '0105000000',
      '0100',
      'fc0100',
      '05c0',
      'ed',
      '04008000',
      '04ffffff'
    ]) {
      try {
        log(hex, await call(receiver, 'decompress', fromHex(hex)));
      } catch (error) {
        log(
          hex,
          error,
          error.errno,
          statusOf(error),
          Object.keys(error).sort()
        );
      }
      log(await call(receiver, 'decompress', compressed('next')));
    }

    // What came before the error is forgotten.
    await call(receiver, 'decompress', compressed('Hello'));
    for (const hex of ['ffff', 'f200110000']) {
      try {
        log(hex, await call(receiver, 'decompress', fromHex(hex)));
      } catch (error) {
        log(hex, error);
      }
    }
  },
  (log) => {
    assert.deepStrictEqual(log[0].slice(1), [
      { name: 'Error', message: 'invalid block type', code: 'Z_DATA_ERROR' },
      -3,
      [1007],
      ['code', 'errno']
    ]);
  }
);

contract(
  'data that ends too early, or goes on behind a final block, is taken as zlib takes it',
  async (scenario) => {
    const { log } = scenario;

    for (const hex of [
      '',
      'f2',
      'f248',
      '000000ffff',
      '0500000000',
      'edfd0100'
    ])
      log(hex, await call(agreed(scenario), 'decompress', fromHex(hex)));

    for (const hex of ['f348cdc9c907000102', 'f348cdc9c90700', '010000ffff']) {
      const receiver = agreed(scenario);
      log(hex, await call(receiver, 'decompress', fromHex(hex)));
      log(await call(receiver, 'decompress', compressed('next')));
    }
  }
);

test('what ends too early does no harm to the next message (with ws it does)', async () => {
  const receiver = agreed({ lib: ferrows });

  for (const hex of ['f248', 'edfd0100', '0500000000']) {
    await call(receiver, 'decompress', fromHex(hex));
    const next = await call(receiver, 'decompress', compressed('next'));
    assert.strictEqual(next.toString(), 'next');
  }
});

test('the context is kept behind a final block, too (RFC 7692 7.2.3.4)', async () => {
  const receiver = agreed({ lib: ferrows });

  await call(receiver, 'decompress', fromHex('f348cdc9c9070000'));
  const next = await call(receiver, 'decompress', fromHex('f200110000'));
  assert.strictEqual(next.toString(), 'Hello');
});

contract(
  'a frame may have maxPayload bytes and no more (WS-CONTRACT 19)',
  async (scenario) => {
    const { log } = scenario;

    for (const maxPayload of [100, 100_000, 0, -1, undefined, '100', 2 ** 31]) {
      const receiver = agreed(scenario, { isServer: true, maxPayload });
      for (const length of [99, 100, 101, 100_000, 100_001, 1_000_000]) {
        try {
          const payload = compressed(Buffer.alloc(length));
          const data = await call(receiver, 'decompress', payload);
          log(maxPayload, length, data.length);
        } catch (error) {
          log(maxPayload, length, error, statusOf(error), error.errno);
        }
      }
    }
  },
  (log) => {
    assert.deepStrictEqual(log[2], [
      100,
      101,
      {
        name: 'RangeError',
        message: 'Max payload size exceeded',
        code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
      },
      [1009],
      undefined
    ]);
  }
);

contract(
  'callbacks come later',
  async (scenario) => {
    const { log } = scenario;
    const instance = agreed(scenario);
    const compressing = call(instance, 'compress', 'x'.repeat(10)).then(
      (data) => log('compressed', decompressed(data))
    );

    log('called');
    await compressing;
    const decompressing = call(instance, 'decompress', compressed('y')).then(
      (data) => log('decompressed', data)
    );
    log('called');
    await decompressing;
  },
  (log) =>
    assert.deepStrictEqual(
      log.map(([name]) => name),
      ['called', 'compressed', 'called', 'decompressed']
    )
);

test('callbacks of one instance are in the order of the calls', async () => {
  const instance = agreed({ lib: ferrows });
  const order = [];
  const calls = [
    ['compress', words(100_000)],
    ['decompress', compressed('a')],
    ['compress', 'b'],
    ['decompress', Buffer.from('ffff', 'hex')],
    ['compress', 'c']
  ].map(([method, data], index) =>
    call(instance, method, data).then(
      () => order.push(index),
      (error) => order.push(`${index} ${error.code}`)
    )
  );

  await Promise.all(calls);
  assert.deepStrictEqual(order, [0, 1, 2, '3 Z_DATA_ERROR', 4]);
});

contract(
  'cleanup() fails what is being compressed at once, and forgets the context',
  async (scenario) => {
    const { log } = scenario;
    const instance = agreed(scenario, { isServer: true });

    instance.cleanup();
    log(await call(instance, 'compress', 'Hello'));
    instance.cleanup();
    instance.cleanup();
    log(await call(instance, 'compress', 'Hello'));
    instance.compress('Hello', true, (err, data) => log(err, data));
    log('before');
    instance.cleanup();
    log('after');
    // Nothing more comes.
    await new Promise((resolve) => setTimeout(resolve, 20));
    log(await call(instance, 'compress', 'Hello'));
  },
  (log) => {
    assert.match(log[3][0].message, /^The deflate stream was closed while/);
    assert.deepStrictEqual(log[4], ['after']);
  }
);

test('cleanup() fails what is being decompressed (ws throws)', async () => {
  const instance = agreed({ lib: ferrows });
  const failed = call(instance, 'decompress', compressed('Hello'));

  instance.cleanup();
  await assert.rejects(failed, {
    message: 'The inflate stream was closed while data was being processed'
  });
});

contract('without an agreement there is no codec', ({ lib, log }) => {
  for (const method of ['compress', 'decompress']) {
    try {
      new lib.PerMessageDeflate()[method](Buffer.from('a'), true, () => {});
    } catch (error) {
      log(error.name);
    }
  }
});

test('memory that is shared between threads is copied', async () => {
  const instance = agreed({ lib: ferrows });
  const shared = Buffer.from(new SharedArrayBuffer(5));
  shared.write('Hello');
  const payload = await call(instance, 'compress', shared);

  assert.strictEqual(payload.toString('hex'), 'f248cdc9c90700');
  const bytes = Buffer.from(new SharedArrayBuffer(payload.length));
  bytes.set(payload);
  const data = await call(instance, 'decompress', bytes);
  assert.strictEqual(data.toString(), 'Hello');
});
