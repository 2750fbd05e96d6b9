'use strict';

// npm run test:panics: the addon with panics that payloads can ask for, built beside the ordinary
// one, and the tests of what those do.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const TESTS = '__test__/panics';
const OUTPUT = 'target/panics';

/** Runs a program; the end of it is that of this one, if it fails. */
function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit'
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

// Not in the release profile, for which the feature does not compile.
run('npx', [
  'napi',
  'build',
  '--platform',
  '--features',
  'panic-injection',
  '--output-dir',
  OUTPUT,
  '--js',
  'binding.js',
  '--dts',
  'binding.d.ts'
]);

const addon = fs
  .readdirSync(path.join(ROOT, OUTPUT))
  .find((name) => name.endsWith('.node'));
const files = fs
  .readdirSync(path.join(ROOT, TESTS))
  .filter((name) => name.endsWith('.test.js'));

run(
  process.execPath,
  [
    '--test',
    '--test-timeout=60000',
    ...files.map((name) => path.join(TESTS, name))
  ],
  { NAPI_RS_NATIVE_LIBRARY_PATH: path.join(ROOT, OUTPUT, addon) }
);
