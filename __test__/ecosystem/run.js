'use strict';

// npm run test:ecosystem: installs the packages of this folder where they are
// missing or older than package-lock.json, and runs its tests. With words after
// it, as in `npm run test:ecosystem -- socket.io mqtt`, only the files in whose
// name one of them occurs.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** Milliseconds after which a file of tests is said to hang. */
const FILE_TIMEOUT = 120_000;

function main(words) {
  const files = fs
    .readdirSync(__dirname)
    .filter((name) => name.endsWith('.test.js'))
    .filter(
      (name) => !words.length || words.some((word) => name.includes(word))
    )
    .sort();

  if (files.length === 0) {
    console.error(`No test file's name contains ${words.join(' or ')}.`);
    process.exit(1);
  }

  if (needsPackages()) installPackages();

  run(process.execPath, [
    '--test',
    '--test-concurrency=2',
    `--test-timeout=${FILE_TIMEOUT}`,
    '--test-reporter=spec',
    ...files
  ]);
}

function needsPackages() {
  // npm writes this file at the end of every installation.
  const installed = modified(path.join('node_modules', '.package-lock.json'));
  return installed < modified('package-lock.json');
}

function installPackages() {
  console.error('ferrows: Installing the packages that sit on ws …');

  // Not `npm ci`, for the reason that scripts/setup.js gives. No package here
  // needs its install script.
  const args = ['install', '--no-save', '--ignore-scripts', '--loglevel=error'];

  // npm says where it is to the scripts that it runs.
  const cli = process.env.npm_execpath;
  if (/npm-cli\.js$/.test(cli)) run(process.execPath, [cli, ...args]);
  else run('npm', args);

  const now = new Date();
  const marker = path.join(__dirname, 'node_modules', '.package-lock.json');
  fs.utimesSync(marker, now, now);
}

/** When a file of this folder was last written, in ms; one that is not there is the oldest. */
function modified(file) {
  const stats = fs.statSync(path.join(__dirname, file), {
    throwIfNoEntry: false
  });
  return stats === undefined ? -Infinity : stats.mtimeMs;
}

/** Runs a program, and ends this one if it fails. */
function run(command, args) {
  const { error, status } = spawnSync(command, args, {
    cwd: __dirname,
    stdio: ['ignore', 'inherit', 'inherit']
  });

  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

main(process.argv.slice(2));
