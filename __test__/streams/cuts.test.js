'use strict';

// A stream goes in the middle of a frame, while sends are pending, on a server and on a client: at
// each byte of small frames, and where something begins or ends in large ones.

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { libraries, plain } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { turns } = require('../support/session');
const { memoryClient, memorySession, MemoryStream } = require('./support');

const ERROR = new Error('The stream failed');

/** It keeps the callbacks of its writes until it is destroyed, or told to call them. */
class SlowStream extends MemoryStream {
  constructor(options) {
    super(options);
    this._held = [];
  }

  /** From now on its writes wait. */
  hold() {
    this.onWritten = (callback) => this._held.push(callback);
  }

  /** Completes the writes that wait, and those behind them. */
  release(error) {
    this.onWritten = (callback) => callback(error);
    for (const callback of this._held.splice(0)) callback(error);
  }

  _destroy(error, callback) {
    this.release(error ?? new Error('destroyed'));
    callback(error);
  }
}

/** How a stream may go. */
const ENDS = {
  'errors (destroy(err))': ({ near }) => near.destroy(ERROR),
  'is destroyed': ({ near }) => near.destroy(),
  "emits 'error'": ({ near }) => near.emit('error', ERROR),
  'fails to write': ({ near }) => near.release(ERROR),
  'ends, as its peer does': ({ far, near }) => {
    far.end();
    near.release();
  },
  'is ended on this side': ({ near }) => {
    near.end();
    near.release();
  }
};

/** A frame without a mask, as a server sends it. */
function unmasked(first, payload = '') {
  const bytes = frame(first, payload);
  const length = Buffer.byteLength(payload);
  const header = Buffer.from(bytes.subarray(0, bytes.length - length - 4));

  header[1] &= 0x7f;
  return Buffer.concat([header, Buffer.from(payload)]);
}

const ROLES = {
  client: { make: unmasked, mask: 0, session: memoryClient },
  server: { make: frame, mask: 4, session: memorySession }
};

const LARGE = 70_000;

/** Frames that are cut, each with its header's length without the mask. */
const MESSAGES = {
  'a small frame': [[0x81, 'hello', 2]],
  'a control frame': [[0x89, 'ping', 2]],
  'a frame of 70 000 bytes': [[0x82, Buffer.alloc(LARGE, 7), 10]],
  'a message in small fragments': [
    [0x01, 'ab', 2],
    [0x89, 'p', 2],
    [0x00, '', 2],
    [0x80, 'c', 2]
  ],
  'a message in fragments, one of 70 000 bytes': [
    [0x02, 'ab', 2],
    [0x00, Buffer.alloc(LARGE, 8), 10],
    [0x89, 'p', 2],
    [0x80, Buffer.alloc(200, 9), 4]
  ]
};

/** Where to cut: each byte of a header and of a small payload; the ends of others, and the middle. */
function positions(list, mask) {
  const cuts = new Set();
  let start = 0;

  for (const [, payload, header] of list) {
    const length = Buffer.byteLength(payload);
    const begin = start + header + mask;

    for (let at = start; at <= begin + Math.min(length, 8); at++) cuts.add(at);
    for (const at of [1, length >> 1, 65_535, 65_536, length - 1, length]) {
      if (at >= 0 && at <= length) cuts.add(begin + at);
    }
    start = begin + length;
  }

  return [...cuts].sort((a, b) => a - b);
}

/** What a connection is told, and what its sends are, when its stream goes at a byte. */
async function cut(lib, t, { go, input, session }) {
  const log = [];
  const note = (...values) => log.push(values.map(plain));
  const both = await session({ lib, t }, { Class: SlowStream });
  const { closed, far, near, ws } = both;

  ws.on('message', (data, isBinary) => note('message', data.length, isBinary));
  ws.on('ping', (data) => note('ping', data));
  ws.on('error', (error) => note('error', error));
  ws.on('close', (code, reason) => note('close', code, reason));

  near.hold();
  for (const size of [1, 20_000, 2, 0, 70_000]) {
    ws.send(Buffer.alloc(size), (error) =>
      note('sent', size, Boolean(error), ws.readyState)
    );
  }
  ws.send('a'.repeat(30_000), (error) =>
    note('sent', 'a', Boolean(error), ws.readyState)
  );
  ws.ping('p', undefined, (error) =>
    note('sent', 'ping', Boolean(error), ws.readyState)
  );
  // ws unmasks in place.
  if (input.length !== 0) far.write(Buffer.from(input));
  await turns(2);
  go(both);
  await closed;
  ws.send('late', (error) => note('late', error));
  ws.terminate();
  await turns(4);
  note(ws.readyState, near.destroyed);
  return log;
}

/** How many of a log's entries are of this kind. */
function count(log, kind) {
  return log.filter(([name]) => name === kind).length;
}

for (const [role, { make, mask, session }] of Object.entries(ROLES)) {
  for (const [how, go] of Object.entries(ENDS)) {
    suite(`The stream of a ${role} ${how}`, () => {
      for (const [what, list] of Object.entries(MESSAGES)) {
        test(`in ${what}: 'close' 1006, once, and all callbacks are called`, async (t) => {
          const bytes = Buffer.concat(
            list.map(([first, payload]) => make(first, payload))
          );

          let sendsFail = true;

          for (const at of positions(list, mask)) {
            const options = { go, input: bytes.subarray(0, at), session };
            const expected = await cut(libraries.ws, t, options);
            const actual = await cut(libraries.ferrows, t, options);
            const where = `cut at ${at} of ${bytes.length}`;

            assert.deepStrictEqual(actual, expected, where);
            assert.strictEqual(count(actual, 'close'), 1, where);
            assert.strictEqual(
              actual.find(([name]) => name === 'close')[1],
              1006
            );
            assert.strictEqual(count(actual, 'error'), 0, where);
            assert.strictEqual(count(actual, 'sent'), 7, where);
            sendsFail &&= actual.every(
              ([name, , failed]) => name !== 'sent' || failed
            );
          }
          // The ends of a stream let it write what it was given.
          assert.strictEqual(sendsFail, !/ends|ended/.test(how));
        });
      }
    });
  }
}

/** It never says what became of its writes. */
class SilentStream extends MemoryStream {
  hold() {
    this.onWritten = () => {};
  }
}

// ws calls those that the stream calls back for.
suite('A stream that never calls back for a write (Ferrows only)', () => {
  for (const [role, { session }] of Object.entries(ROLES)) {
    for (const how of ['errors (destroy(err))', 'is destroyed']) {
      test(`and ${how}, of a ${role}: all callbacks get an error, in order, before 'close'`, async (t) => {
        const log = [];
        const both = await session(
          { lib: libraries.ferrows, t },
          { Class: SilentStream }
        );
        const { closed, near, ws } = both;

        ws.on('close', (code) => log.push(['close', code]));
        near.hold();
        for (const size of [1, 20_000, 2, 70_000]) {
          ws.send(Buffer.alloc(size), (error) => {
            log.push([size, error instanceof Error, ws.readyState]);
          });
          await turns(1);
        }
        ENDS[how](both);
        await closed;
        await turns();
        assert.deepStrictEqual(log, [
          [1, true, ws.CLOSING],
          [20_000, true, ws.CLOSING],
          [2, true, ws.CLOSING],
          [70_000, true, ws.CLOSING],
          ['close', 1006]
        ]);
      });
    }
  }
});
