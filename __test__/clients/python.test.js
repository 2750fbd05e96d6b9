'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { runPython } = require('./python');
const { startEcho } = require('./support');

test("serves Python's websockets", async (t) => {
  const report = await runPython(t, 'python-client.py', [await startEcho(t)]);
  if (report === null) return;

  const expected = {
    extensions: null,
    text: Array(4).fill(true),
    binary: Array(9).fill(true),
    '1 MB': ['bytes', 1024 * 1024, true],
    'fragmented text': 'fragmented żółw',
    'fragmented binary': true,
    ping: true,
    'empty ping': true,
    pong: 'after the pong',
    many: true,
    close: [1000, ''],
    'close codes': Array(4).fill(true),
    'invalid UTF-8': 1007,
    'no offer of compression': 'no offer',
    '50 clients': true
  };

  for (const [what, value] of Object.entries(expected)) {
    await t.test(what, () => assert.deepStrictEqual(report[what], value));
  }
});
