'use strict';

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');

const { ROOT, startEcho } = require('./support');

const run = promisify(execFile);

const REQUIREMENT = 'websockets>=13.1';
const ENVIRONMENT = path.join(ROOT, 'node_modules/.cache/python-websockets');
const PYTHON = path.join(ENVIRONMENT, 'bin/python');

/** Puts Python's `websockets` into an environment of its own, at the first use. */
async function install() {
  try {
    await run(PYTHON, ['-c', 'import websockets.sync.client']);
    return;
  } catch {
    // It is not there, or was not finished.
  }

  fs.mkdirSync(path.dirname(ENVIRONMENT), { recursive: true });
  await run('python3', ['-m', 'venv', '--clear', ENVIRONMENT]);
  await run(PYTHON, ['-m', 'pip', 'install', '--quiet', REQUIREMENT]);
}

test("serves Python's websockets", async (t) => {
  try {
    await install();
  } catch (error) {
    if (process.env.CI) throw error;
    t.skip(`Python's websockets cannot be installed: ${error.message}`);
    return;
  }

  const { stdout } = await run(PYTHON, [
    path.join(__dirname, 'python-client.py'),
    await startEcho(t)
  ]);
  const report = JSON.parse(stdout);
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
