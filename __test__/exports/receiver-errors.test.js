'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { turns } = require('../support/session');
const { bytes, receive, statusOf } = require('./support');

const SERVER = { isServer: true };

/** Sees that the log ends with an error. */
function ends(code, status) {
  return (log) => {
    const [, error, statuses] = log.findLast(([event]) => event === 'error');
    assert.strictEqual(error.code, code);
    assert.deepStrictEqual(statuses, [status]);
  };
}

/** Second bytes of a header: each length that is told apart, without and with a masking key. */
const SECONDS = [0, 1, 2, 125, 126, 127].flatMap((n) => [n, 0x80 | n]);

for (const [role, options] of [
  ['server', SERVER],
  ['client', {}]
]) {
  for (const [state, before] of [
    ['between messages', []],
    ['within a message', [0x02, options.isServer ? 0x80 : 0, 0, 0, 0, 0]]
  ]) {
    contract(
      `a ${role} takes and refuses the same headers ${state} (RFC 6455 5.2)`,
      async ({ lib, log }) => {
        for (let first = 0; first < 256; first++) {
          for (const second of SECONDS) {
            const { Receiver } = lib;
            const receiver = new Receiver({ ...options, maxPayload: 100_000 });
            const at = `${first.toString(16)} ${second.toString(16)}`;
            const start = options.isServer ? before : before.slice(0, 3 - 1);

            for (const event of ['message', 'ping', 'pong', 'conclude']) {
              receiver.on(event, (...args) => log(at, event, ...args));
            }
            receiver.on('error', (err) => log(at, err, statusOf(err)));
            receiver.write(Buffer.from([...start, first, second, 0, 0, 0, 0]));
          }
        }
        await turns(2);
      },
      (log) => assert.ok(log.length > 2000, `${log.length}`)
    );
  }
}

for (const [title, options, chunks, code, status] of [
  ['RSV1', {}, ['c1 00'], 'WS_ERR_UNEXPECTED_RSV_1', 1002],
  ['RSV2', {}, ['a1 00'], 'WS_ERR_UNEXPECTED_RSV_2_3', 1002],
  ['RSV3', {}, ['91 00'], 'WS_ERR_UNEXPECTED_RSV_2_3', 1002],
  ['a continuation of nothing', {}, ['00 00'], 'WS_ERR_INVALID_OPCODE', 1002],
  [
    'a message within a message',
    {},
    ['01 00', '01 00'],
    'WS_ERR_INVALID_OPCODE',
    1002
  ],
  ['a fragmented ping', {}, ['09 00'], 'WS_ERR_EXPECTED_FIN', 1002],
  [
    'a ping of 126 bytes',
    {},
    ['89 7e'],
    'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
    1002
  ],
  [
    'a close frame of 1 byte',
    {},
    ['88 01'],
    'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
    1002
  ],
  ['a frame without a mask', SERVER, ['81 00'], 'WS_ERR_EXPECTED_MASK', 1002],
  ['a frame with a mask', {}, ['81 80'], 'WS_ERR_UNEXPECTED_MASK', 1002],
  [
    'a length over 2^53 - 1',
    {},
    ['82 7f 0020 0000 0000 0000'],
    'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
    1009
  ],
  [
    'a message over maxPayload, by its header',
    { maxPayload: 4 },
    ['82 04 61626364', '82 05'],
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    1009
  ],
  [
    'fragments over maxPayload, and control frames do not count',
    { maxPayload: 4 },
    ['02 03 616263 89 05 6162636465', '00 01 64', '80 01 65'],
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    1009
  ],
  [
    'a fragment over maxFragments',
    { maxFragments: 2 },
    ['01 01 61 80 01 62', '01 01 61 00 00 89 00 80 01 63'],
    'WS_ERR_TOO_MANY_BUFFERED_PARTS',
    1008
  ],
  [
    'a frame in more chunks than maxBufferedChunks',
    { maxBufferedChunks: 3 },
    ['82 05', '61', '62', '63', '64'],
    'WS_ERR_TOO_MANY_BUFFERED_PARTS',
    1008
  ],
  [
    'a control frame in more chunks than maxBufferedChunks',
    { maxBufferedChunks: 2 },
    ['89 05 61', '62', '63', '64'],
    'WS_ERR_TOO_MANY_BUFFERED_PARTS',
    1008
  ],
  ['the code 1006', {}, ['88 02 03ee'], 'WS_ERR_INVALID_CLOSE_CODE', 1002],
  [
    'a reason that is no UTF-8',
    {},
    ['88 04 03e8 c328'],
    'WS_ERR_INVALID_UTF8',
    1007
  ],
  ['text that is no UTF-8', {}, ['81 02 c328'], 'WS_ERR_INVALID_UTF8', 1007],
  [
    'text that ends within a sequence',
    {},
    ['01 01 e2 80 01 82'],
    'WS_ERR_INVALID_UTF8',
    1007
  ],
  [
    'an error behind events, which are emitted',
    { allowSynchronousEvents: false },
    ['89 00 81 01 61 ff 00'],
    'WS_ERR_UNEXPECTED_RSV_2_3',
    1002
  ]
]) {
  contract(
    `emits ${code} and closes for ${title}`,
    async (s) => {
      // What comes later is not received.
      await receive(s, options, [...chunks, '89 00']);
    },
    ends(code, status)
  );
}

contract(
  'takes and refuses the same status codes (RFC 6455 7.4)',
  async (s) => {
    const { log, lib } = s;
    const more = [0, 1, 999, 2999, 3000, 3999, 4000, 4999, 5000, 65_535];

    for (const code of [...Array(20).keys()].map((n) => 998 + n).concat(more)) {
      const receiver = new lib.Receiver();
      receiver.on('conclude', (...args) => log(code, ...args));
      receiver.on('error', (err) => log(code, err, statusOf(err)));
      receiver.write(Buffer.from([0x88, 0x02, code >> 8, code & 0xff]));
    }
    await turns(2);
  },
  (log) => assert.strictEqual(log.length, 30)
);

contract('skipUTF8Validation takes text and reasons as they come', (s) =>
  receive(s, { skipUTF8Validation: true }, [
    '81 02 c328',
    '01 01 e2 80 01 41',
    '88 04 03e8 c328'
  ])
);

contract('limits are 32-bit numbers, and none if not above 0', async (s) => {
  for (const value of [
    0,
    -1,
    null,
    '2',
    2.9,
    2 ** 32,
    2 ** 32 + 1,
    2 ** 31,
    NaN,
    true
  ]) {
    for (const name of ['maxPayload', 'maxFragments', 'maxBufferedChunks']) {
      s.log(name, String(value));
      await receive(s, { [name]: value }, ['01 01 61 00', '01 62 80', '00']);
    }
  }
});

contract('maxBufferedChunks counts the chunks of one step', async (s) => {
  // Headers and payloads cut at every place, several frames to a chunk.
  const stream = Buffer.concat([
    frame(0x02, Buffer.alloc(3, 'a')),
    frame(0x80, Buffer.alloc(130, 'b')),
    frame(0x89, 'ping'),
    frame(0x81, 'text')
  ]);

  for (const size of [1, 2, 3, 5, 7, 11]) {
    for (const maxBufferedChunks of [1, 2, 3, 4, 6, 20, 70, 130]) {
      const chunks = [];
      for (let at = 0; at < stream.length; at += size) {
        chunks.push(stream.subarray(at, at + size));
      }
      s.log(size, maxBufferedChunks);
      await receive(s, { ...SERVER, maxBufferedChunks }, chunks);
    }
  }
});

contract('the callback of the chunk gets the error', async ({ lib, log }) => {
  const receiver = new lib.Receiver();

  receiver.on('error', (err) => log('error', err));
  receiver.on('close', () => log('close', receiver.destroyed));
  receiver.write(bytes('89 00'), (err) => log('first', err));
  receiver.write(bytes('ff 00'), (err) => log('second', err));
  receiver.write(bytes('89 00'), (err) => log('third', err));
  await turns(2);
});

/** What Ferrows alone does: it fails at the earliest byte that shows the error. */
async function failsEarly(options, chunk, code) {
  const log = [];
  const { ferrows } = libraries;

  await receive({ lib: ferrows, log: (...entry) => log.push(entry) }, options, [
    chunk
  ]);
  const [, error] = log.find(([event]) => event === 'error');
  assert.strictEqual(error.code, code);
}

test('text fails with the fragment that is no UTF-8; ws waits for the last one', () =>
  failsEarly({}, '01 02 c328', 'WS_ERR_INVALID_UTF8'));

test('too many fragments fail with the header; ws waits for the payload', () =>
  failsEarly(
    { maxFragments: 1 },
    '01 01 61 00 05 61',
    'WS_ERR_TOO_MANY_BUFFERED_PARTS'
  ));
