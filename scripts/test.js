'use strict';

// npm test: all tests of the Rust crate, then all of __test__ but those of the
// packages that sit on ws. With words after it, as in `npm test -- server close`,
// only the files of __test__ in whose path one of them occurs.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const TESTS = '__test__';

/**
 * `npm run test:ecosystem` installs packages of its own. Among them is a link to this repository: whoever
 * walks through it walks in circles. `npm run test:panics` builds an addon of its own.
 */
const ELSEWHERE = ['ecosystem', 'panics'];

/** Milliseconds after which a file of tests is said to hang. */
const FILE_TIMEOUT = 300_000;

/** Files at a time. More of them, and tests that compare times hinder each other. */
const CONCURRENCY = Math.max(
  1,
  Math.min(4, Math.floor(os.availableParallelism() / 2))
);

async function main(words) {
  const summaries = [];
  let passed = true;

  if (words.length === 0) passed = await testRust(summaries);

  const files = testFiles().filter(
    (file) => words.length === 0 || words.some((word) => file.includes(word))
  );

  if (files.length === 0) {
    console.error(`No test file's path contains ${words.join(' or ')}.`);
    process.exit(1);
  }

  passed = (await testNode(files, summaries)) && passed;

  console.log(`\n${summaries.join('\n')}`);
  process.exitCode = passed ? 0 : 1;
}

/** Runs cargo's tests. Returns whether all passed; adds what cargo said at the end. */
async function testRust(summaries) {
  const { status, output } = await run('cargo', ['test', '--locked'], {
    // Its stdout is not the terminal, but ends up there.
    env: process.stdout.isTTY ? { CARGO_TERM_COLOR: 'always' } : {},
    capture: true
  });

  const results = output.match(/^.*test result: .*$/gm);
  summaries.push(...(results ?? ['cargo test: did not run']));
  return status === 0;
}

/** Runs Node's tests. Returns whether all passed; adds Node's counts. */
async function testNode(files, summaries) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-test-'));
  const tap = path.join(folder, 'tap');

  try {
    const { status } = await run(process.execPath, [
      '--test',
      `--test-concurrency=${CONCURRENCY}`,
      `--test-timeout=${FILE_TIMEOUT}`,
      // One for the reader, one for the counts.
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${tap}`,
      ...files
    ]);

    const counts = fs.readFileSync(tap, 'utf8').match(/^# [a-z_]+ [\d.]+$/gm);
    summaries.push(...(counts ?? ['node --test: did not run']));
    return status === 0;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** The paths of all files of tests, from the repository's root. */
function testFiles() {
  return fs
    .readdirSync(path.join(ROOT, TESTS), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !ELSEWHERE.includes(entry.name))
    .flatMap((area) => testFilesOf(path.join(TESTS, area.name)))
    .sort();
}

/** The paths of the files of tests below a folder, from the repository's root. */
function testFilesOf(folder) {
  return fs
    .readdirSync(path.join(ROOT, folder), { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => path.join(folder, name));
}

/** Runs a program and shows its output; resolves with `{ status, output }`. */
function run(command, args, { env, capture = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit']
    });
    let output = '';

    child.stdout?.on('data', (chunk) => {
      output += chunk.toString('latin1');
      process.stdout.write(chunk);
    });
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve({ status: 1, output });
    });
    child.on('close', (status) => resolve({ status, output }));
  });
}

main(process.argv.slice(2));
