'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const { LIBRARIES } = require('./support');

/** Modules of Node.js that take long to load, and that many programs never need. */
const SELDOM_NEEDED = [
  ...['crypto', 'http', 'https', 'perf_hooks', 'tls', 'worker_threads'],
  'zlib'
];

test('loads no module of Node.js before somebody needs it', () => {
  const output = execFileSync(
    process.execPath,
    [path.join(__dirname, 'programs/loading.js'), LIBRARIES.ferrows],
    { encoding: 'utf8' }
  );
  const added = JSON.parse(output);

  // It sees what is loaded.
  assert.ok(added.includes('NativeModule net'), output);
  assert.deepStrictEqual(
    SELDOM_NEEDED.filter((name) => added.includes(`NativeModule ${name}`)),
    []
  );
});
