'use strict';

// npm run test:miri -- [WORD...] [--seeds=N]: interprets the tests of `src/` by
// Miri, which finds undefined behaviour and data races, or those in whose path
// one of the words occurs. Several processes share them, each with the tests of one module, as
// Miri uses one processor. With --seeds=N each module runs N times, and Miri has
// its threads take turns in other ways each time. Exits with 1 if a test fails,
// or does not end. Needs a nightly compiler.

const { spawn, spawnSync } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** Modules at a time, and how long one may take, in ms. */
const CONCURRENCY = Math.max(1, os.availableParallelism());
const PATIENCE = 3_600_000;

/** A random generator and sockets are the system's; tokio's threads are there until the end. */
const FLAGS = '-Zmiri-disable-isolation -Zmiri-ignore-leaks';

/** Those that run. Each is a group with what cargo has started for it. */
const running = new Set();

async function main(args) {
  process.once('SIGINT', () => {
    running.forEach(kill);
    process.exit(130);
  });

  const seeds = Number(
    args.find((arg) => arg.startsWith('--seeds='))?.slice('--seeds='.length)
  );
  const words = args.filter((arg) => !arg.startsWith('--'));

  if (spawnSync('cargo', ['+nightly', 'miri', '--version']).status !== 0) {
    fail(
      'Miri is missing; get it by: rustup toolchain install nightly --component miri,rust-src'
    );
  }

  const waiting = modules(words);
  if (waiting.size === 0)
    fail(`No test's path contains ${words.join(' or ')}.`);

  const begun = Date.now();
  const sums = { passed: 0, failed: 0, ignored: 0 };
  const worker = async () => {
    for (const [name, tests] of waiting) {
      waiting.delete(name);
      for (const [sum, count] of Object.entries(await run(name, tests, seeds)))
        sums[sum] += count;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));

  const minutes = ((Date.now() - begun) / 60_000).toFixed(1);
  console.log(`\nMiri: ${line(sums)}; ${minutes} minutes`);
  process.exitCode = sums.failed === 0 ? 0 : 1;
}

/** The tests by module, those of which a word occurs in the path. */
function modules(words) {
  const { status, stdout } = spawnSync('cargo', miri('--list'), {
    cwd: ROOT,
    encoding: 'utf8',
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit']
  });
  if (status !== 0) process.exit(1);

  const modules = new Map();
  for (const [, test, name] of stdout.matchAll(/^((.*)::\w+): test$/gm)) {
    if (words.length && !words.some((word) => test.includes(word))) continue;
    modules.set(name, [...(modules.get(name) ?? []), test]);
  }
  return modules;
}

/** Runs a module's tests; resolves with how many of them passed, failed and were ignored. */
function run(name, tests, seeds) {
  const begun = Date.now();
  const many = seeds > 0 ? ` -Zmiri-many-seeds=0..${seeds}` : '';
  const child = spawn('cargo', miri('--exact', ...tests), {
    cwd: ROOT,
    env: environment(many),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true
  });
  let output = '';

  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  running.add(child);
  const timer = setTimeout(kill, PATIENCE, child);

  return new Promise((resolve) => {
    child.on('error', (error) => fail(error.message));
    child.on('close', (status) => {
      clearTimeout(timer);
      running.delete(child);
      const ignored = output.match(/^test .* \.\.\. ignored.*$/gm) ?? [];
      const ok = output.match(/^test .* \.\.\. ok$/gm) ?? [];
      const run = tests.length - ignored.length;
      // Where undefined behaviour is met, all ends. Of seeds that run at once the lines are mixed up.
      const passed = status === 0 ? run : Math.min(ok.length, run - 1);
      const sum = { passed, ignored: ignored.length, failed: run - passed };
      const seconds = Math.round((Date.now() - begun) / 1000);

      if (sum.failed > 0) console.error(output);
      console.log(
        [`${name}: ${line(sum)}, ${seconds} s`, ...new Set(ignored)].join(
          '\n  '
        )
      );
      resolve(sum);
    });
  });
}

/** Ends a process, and those that it has started. */
function kill(child) {
  process.kill(-child.pid, 'SIGKILL');
}

/** What is told of tests. */
function line({ passed, ignored, failed }) {
  return `${passed} passed, ${ignored} ignored, ${failed} failed or did not end`;
}

/** The arguments of cargo that come to a harness with these arguments. */
function miri(...args) {
  return [
    ...['+nightly', 'miri', 'test', '--locked', '--lib'],
    ...['--target-dir', path.join('target', 'miri'), '--', ...args]
  ];
}

function environment(flags = '') {
  // Colours would get in the way of what is looked for in the output.
  return {
    ...process.env,
    CARGO_TERM_COLOR: 'never',
    MIRIFLAGS: `${FLAGS}${flags}`
  };
}

function fail(text) {
  console.error(`ferrows: ${text}`);
  process.exit(1);
}

main(process.argv.slice(2));
