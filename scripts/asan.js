'use strict';

// npm run test:asan -- [WORD...]: builds the addon with AddressSanitizer, beside
// the usual one, and runs the tests of __test__ on it, or those in whose path
// one of the words occurs. Exits with 1 if a test fails, or if the sanitizer has
// reported anything in any process. Needs gcc for its runtime library.

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const FOLDER = path.join(ROOT, 'target', 'asan');
const ADDON = path.join(FOLDER, 'ferrows.node');
const TESTS = '__test__';

/** What is not run, and why. */
const LEFT_OUT = [
  // Programs that do not start with a library preloaded, or are not about the addon's memory.
  [/^(browser|ecosystem|package|types)\//, 'other programs than Node.js'],
  [/^runtime\/other-runtimes/, 'Bun and Deno'],
  [/^panics\//, 'an addon that panics on purpose'],
  // What was given back is kept for a while, to find those who still use it.
  [/(memory|leaks|after-attack|collected|bombs)\.test\.js$/, 'resident memory']
];

/** Files of tests at a time, and how long one may take, in ms. */
const CONCURRENCY = Math.max(1, Math.floor(os.availableParallelism() / 2));
const FILE_TIMEOUT = 600_000;

async function main(words) {
  const files = testFiles(words);

  if (files.length === 0)
    fail(`No test's path contains ${words.join(' or ')}.`);

  build();
  fs.rmSync(path.join(FOLDER, 'reports'), { recursive: true, force: true });
  fs.mkdirSync(path.join(FOLDER, 'reports'));

  const status = await run(files);
  const reports = fs.readdirSync(path.join(FOLDER, 'reports'));

  for (const report of reports) {
    console.error(`\n=== ${report}`);
    console.error(
      fs.readFileSync(path.join(FOLDER, 'reports', report), 'latin1')
    );
  }

  console.log(
    `\nAddressSanitizer: ${reports.length} reports, ${files.length} files of tests`
  );
  process.exitCode = status === 0 && reports.length === 0 ? 0 : 1;
}

/** The paths of the files of tests to run, from the repository's root. */
function testFiles(words) {
  return fs
    .readdirSync(path.join(ROOT, TESTS), { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .filter((name) => !LEFT_OUT.some(([pattern]) => pattern.test(name)))
    .filter((name) => !words.length || words.some((w) => name.includes(w)))
    .map((name) => path.join(TESTS, name))
    .sort();
}

/** Builds the addon, in a folder of its own. */
function build() {
  const host = /^host: (.*)$/m.exec(output('rustc', ['-vV']))[1];
  const { status } = spawnSync(
    'cargo',
    [
      ...['build', '--release', '--locked', '--target', host],
      ...['--target-dir', FOLDER]
    ],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        // A stable compiler has the flag, but does not offer it.
        RUSTC_BOOTSTRAP: '1',
        RUSTFLAGS: '-Zsanitizer=address',
        CARGO_PROFILE_RELEASE_LTO: 'off',
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
        CARGO_PROFILE_RELEASE_STRIP: 'none',
        CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
        CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS: 'true'
      },
      stdio: ['ignore', 'inherit', 'inherit']
    }
  );

  if (status !== 0) process.exit(1);
  fs.copyFileSync(path.join(FOLDER, host, 'release', 'libferrows.so'), ADDON);
}

/** Runs files of tests on that addon; resolves with the exit status. */
function run(files) {
  const runtime = output('gcc', ['-print-file-name=libasan.so']).trim();

  // A name without a folder is the answer when there is none.
  if (!path.isAbsolute(runtime)) fail('gcc has no libasan.');

  const options = [
    // Node.js itself is not built to be looked at for leaks.
    'detect_leaks=0',
    `log_path=${path.join(FOLDER, 'reports', 'report')}`
  ];
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${CONCURRENCY}`,
      `--test-timeout=${FILE_TIMEOUT}`,
      ...files
    ],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        ASAN_OPTIONS: options.join(':'),
        LD_PRELOAD: fs.realpathSync(runtime),
        NAPI_RS_NATIVE_LIBRARY_PATH: ADDON
      },
      stdio: ['ignore', 'inherit', 'inherit']
    }
  );

  return new Promise((resolve) => {
    child.on('error', (error) => fail(error.message));
    child.on('close', resolve);
  });
}

/** What a program prints. */
function output(command, args) {
  const { error, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) fail(`${command}: ${error.message}`);
  return stdout;
}

function fail(text) {
  console.error(`ferrows: ${text}`);
  process.exit(1);
}

main(process.argv.slice(2));
