'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const zlib = require('node:zlib');

const lib = require('../..');
const { agreed } = require('./support');

const ROOT = path.resolve(__dirname, '../..');

/** The three places where options are taken. */
const PLACES = {
  PerMessageDeflate: (options) => new lib.PerMessageDeflate(options),
  WebSocketServer: (options) =>
    new lib.WebSocketServer({ noServer: true, perMessageDeflate: options }),
  // It is refused before anything is dialled.
  WebSocket: (options) =>
    new lib.WebSocket('ws://127.0.0.1:9/', { perMessageDeflate: options })
};

const OUT_OF_RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
const WRONG_TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };

/** Options that are refused, by the name in the error. */
const REFUSED = [
  ['clientMaxWindowBits', [0, 7, 16, 9.5, NaN, -8], OUT_OF_RANGE],
  ['clientMaxWindowBits', ['10', {}, 10n], WRONG_TYPE],
  ['serverMaxWindowBits', [0, 7, 16, 9.5, NaN, -8], OUT_OF_RANGE],
  ['serverMaxWindowBits', ['10', {}, 10n], WRONG_TYPE],
  ['concurrencyLimit', [-1, 2.5], OUT_OF_RANGE],
  ['concurrencyLimit', ['many', {}, Symbol('1')], WRONG_TYPE],
  ['releaseAfter', [-1], OUT_OF_RANGE],
  ['releaseAfter', ['long', NaN], WRONG_TYPE],
  ['threshold', ['some', NaN, () => 1], WRONG_TYPE],
  ...['zlibDeflateOptions', 'zlibInflateOptions'].flatMap((name) => [
    [`${name}.level`, [-2, 10, Infinity], OUT_OF_RANGE],
    [`${name}.level`, ['6', null], WRONG_TYPE],
    [`${name}.memLevel`, [0, 10], OUT_OF_RANGE],
    [`${name}.memLevel`, ['8'], WRONG_TYPE],
    [`${name}.strategy`, [-1, 5], OUT_OF_RANGE],
    [`${name}.chunkSize`, [63, Infinity], OUT_OF_RANGE],
    [`${name}.finishFlush`, [-1, 6], OUT_OF_RANGE],
    [`${name}.maxOutputLength`, [0], OUT_OF_RANGE],
    // Z_PARTIAL_FLUSH, Z_FULL_FLUSH, Z_FINISH and Z_BLOCK.
    [`${name}.flush`, [1, 3, 4, 5, 6], OUT_OF_RANGE],
    [`${name}.dictionary`, [Buffer.from('a')], { name: 'TypeError' }],
    [`${name}.rejectGarbageAfterEnd`, [true], { name: 'TypeError' }]
  ])
];

for (const [place, make] of Object.entries(PLACES)) {
  test(`${place} refuses what it cannot honour, and names the option`, () => {
    for (const [name, values, expected] of REFUSED) {
      for (const value of values) {
        const [key, inner] = name.split('.');
        const options = { [key]: inner ? { [inner]: value } : value };

        assert.throws(
          () => make(options),
          (error) => {
            assert.ok(
              error.message.startsWith(
                `The option "perMessageDeflate.${name}" `
              ),
              error.message
            );
            assert.strictEqual(error.name, expected.name);
            assert.strictEqual(error.code, expected.code);
            return true;
          }
        );
      }
    }
  });
}

test('a server that refuses its options has not begun to listen', () => {
  const perMessageDeflate = { threshold: 'x' };

  assert.throws(
    () => new lib.WebSocketServer({ port: -1, perMessageDeflate }),
    /threshold/
  );
});

test("the numbers of zlib's constants are the limits", () => {
  const { constants } = zlib;
  const make = (zlibDeflateOptions) =>
    new lib.PerMessageDeflate({ zlibDeflateOptions });

  for (const [name, most] of [
    ['finishFlush', constants.Z_BLOCK],
    ['level', constants.Z_MAX_LEVEL],
    ['memLevel', constants.Z_MAX_MEMLEVEL],
    ['strategy', constants.Z_FIXED]
  ]) {
    assert.doesNotThrow(() => make({ [name]: most }), name);
    assert.throws(() => make({ [name]: most + 1 }), OUT_OF_RANGE, name);
  }
  for (const flush of [constants.Z_NO_FLUSH, constants.Z_SYNC_FLUSH]) {
    assert.doesNotThrow(() => make({ flush }));
  }
  assert.deepStrictEqual(
    settings(
      {
        zlibDeflateOptions: {
          level: constants.Z_DEFAULT_COMPRESSION,
          memLevel: constants.Z_DEFAULT_MEMLEVEL,
          strategy: constants.Z_DEFAULT_STRATEGY
        }
      },
      {}
    ),
    settings({}, {})
  );
});

test('takes what ws and zlib take', () => {
  for (const options of [
    { threshold: '512', concurrencyLimit: '4' },
    { threshold: null, concurrencyLimit: null },
    { threshold: -1, concurrencyLimit: Infinity, releaseAfter: Infinity },
    { clientMaxWindowBits: null, serverMaxWindowBits: null },
    { zlibDeflateOptions: null, zlibInflateOptions: undefined },
    { zlibDeflateOptions: { level: NaN, memLevel: 8.9, strategy: undefined } },
    { zlibDeflateOptions: { flush: 2, finishFlush: 4, info: true } },
    { zlibDeflateOptions: { windowBits: 'of no meaning', chunkSize: 64 } },
    { zlibInflateOptions: { maxOutputLength: 1, dictionary: undefined } },
    { zlibInflateOptions: { highWaterMark: 1, objectMode: true } }
  ]) {
    assert.doesNotThrow(() => new lib.PerMessageDeflate(options));
  }
});

/** What an instance says to the native side, without what is of the process. */
function settings(options, params) {
  const { concurrencyLimit, ...rest } = agreed(
    { lib },
    options,
    params
  ).settings;
  assert.strictEqual(typeof concurrencyLimit, 'number');
  return rest;
}

test('the settings are what was agreed on, seen from either end', () => {
  const params = {
    server_no_context_takeover: true,
    server_max_window_bits: '9',
    client_max_window_bits: '12'
  };
  const common = { level: -1, memLevel: 8, strategy: 0, releaseAfter: 60_000 };

  assert.deepStrictEqual(settings({ isServer: true }, {}), {
    sendWindowBits: 15,
    sendTakeover: true,
    receiveWindowBits: 15,
    receiveTakeover: true,
    ...common
  });
  assert.deepStrictEqual(settings({}, params), {
    sendWindowBits: 12,
    sendTakeover: true,
    receiveWindowBits: 9,
    receiveTakeover: false,
    ...common
  });
  assert.deepStrictEqual(
    settings({ isServer: true, clientMaxWindowBits: 12 }, params),
    {
      sendWindowBits: 9,
      sendTakeover: false,
      receiveWindowBits: 12,
      receiveTakeover: true,
      ...common
    }
  );
});

test('the first limit of a process counts, and none is a large one', () => {
  const program = `
    const { PerMessageDeflate } = require('./');
    const limit = (concurrencyLimit) => {
      const instance = new PerMessageDeflate({ concurrencyLimit });
      instance.accept([{}]);
      return instance.settings.concurrencyLimit;
    };
    console.log(JSON.stringify(process.argv.slice(1).map(eval).map(limit)));
  `;
  const limits = (...given) =>
    JSON.parse(
      execFileSync(process.execPath, ['-e', program, ...given], { cwd: ROOT })
    );

  assert.deepStrictEqual(limits('undefined', '3'), [10, 10]);
  assert.deepStrictEqual(limits('"3"', '5'), [3, 3]);
  for (const none of ['0', 'null', 'Infinity', '1e12']) {
    assert.deepStrictEqual(limits(none), [2 ** 31 - 1]);
  }
});

test("zlib's numbers are passed on, and the time to release", () => {
  const zlibDeflateOptions = { level: 1.5, memLevel: 1, strategy: 3 };
  const { level, memLevel, releaseAfter, strategy } = settings({
    releaseAfter: 2.5,
    zlibDeflateOptions
  });

  assert.deepStrictEqual(
    { level, memLevel, releaseAfter, strategy },
    { level: 1, memLevel: 1, releaseAfter: 3, strategy: 3 }
  );
  assert.strictEqual(settings({ releaseAfter: 0 }).releaseAfter, 0);
  assert.strictEqual(settings({ releaseAfter: Infinity }).releaseAfter, 0);
  assert.strictEqual(
    settings({ releaseAfter: 1e12 }).releaseAfter,
    2 ** 31 - 1
  );
});
