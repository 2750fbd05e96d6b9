'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const RUN = path.join(__dirname, '../../soak/run.js');

/** Runs a short soak; resolves with its exit code and what it says. */
function soak(t, ...args) {
  const child = spawn(process.execPath, [RUN, ...args]);
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, output }));
  });
}

test('a soak of a server that doubles a message in a thousand fails, and says where', async (t) => {
  const { code, output } = await soak(
    t,
    ...'--minutes 0.2 --clients 60 --rate 1500 --sabotage double'.split(' ')
  );
  assert.strictEqual(code, 1, output);
  assert.match(output, /^NOT OK {2}doubled: [1-9]/m);
  assert.match(output, /^ok {6}lost: 0/m);
  assert.match(output, /^ {2}(ferrows|ws): minute [\d.]+, doubled: \1 \d+/m);
});

test('options that make no sense are refused', async (t) => {
  for (const args of [['--minutes', '0'], ['--sabotage', 'all'], ['--what']]) {
    const { code, output } = await soak(t, ...args);
    assert.strictEqual(code, 1, output);
    assert.doesNotMatch(output, /minute +connections/);
  }
});
