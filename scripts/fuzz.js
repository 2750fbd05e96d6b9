'use strict';

// npm run fuzz -- SECONDS [WORD...] [--asan] [--keep]: runs each fuzz target of `fuzz/`
// for that long (60 seconds), or those with one of the words in their names,
// one after the other. Prints what each has done, and exits with 1 if one has
// found something. libFuzzer is compiled in: nothing has to be installed but
// Rust and a C++ compiler. With --asan, under AddressSanitizer, which is a few
// times slower and sees what dependencies do in unsafe code. With --keep, the
// fewest inputs that reach all that was reached replace those in `fuzz/found/`.

const { spawn, spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const table = require('./table');

const CRATE = path.join(__dirname, '..', 'fuzz');

/** What libFuzzer needs from the compiler, as cargo-fuzz gives it. */
const INSTRUMENTATION = [
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
  '-Ccodegen-units=1',
  '-Clink-dead-code',
  '--cfg=fuzzing'
];

/** An overflow is a finding too. */
const CHECKS = ['-Cdebug-assertions=on', '-Coverflow-checks=on'];

/** Bytes of an input: enough for what the target does with it. */
const LENGTHS = {
  deflate_large: 28,
  deflate: 2048,
  inflate: 512,
  frame_stream: 512
};
const LENGTH = 256;

/** More MiB than this, or more seconds for one input, is a finding. */
const MEMORY = 512;
const MEMORY_WITH_ASAN = 2048;
const PATIENCE = 60;

/** Inputs that were found earlier, one a line, in hex. */
const FOUND = path.join(CRATE, 'found');

const COLUMNS = ['target', 'executions', 'per second', 'corpus', 'peak MiB'];

async function main(words) {
  const asan = words.includes('--asan');
  const [seconds = 60] = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const names = words.filter((word) => /^[a-z_]+$/.test(word));
  const targets = fs
    .readdirSync(path.join(CRATE, 'fuzz_targets'))
    .map((file) => path.basename(file, '.rs'))
    .filter(
      (target) => !names.length || names.some((name) => target.includes(name))
    );

  if (targets.length === 0) {
    console.error(`No fuzz target's name contains ${names.join(' or ')}.`);
    process.exit(1);
  }

  const folder = build(asan);
  const rows = [];
  let found = false;

  for (const target of targets) {
    const { status, output } = await run(folder, target, seconds, asan);

    rows.push([
      target,
      stat(output, 'number_of_executed_units'),
      stat(output, 'average_exec_per_sec'),
      output.match(/DONE .* corp: (\d+)/)?.[1] ?? '–',
      stat(output, 'peak_rss_mb')
    ]);

    if (status !== 0) {
      found = true;
      console.error(output.slice(-4000));
    } else if (words.includes('--keep')) {
      keep(folder, target);
    }
    console.error(`${target}: ${status === 0 ? 'no finding' : 'A FINDING'}`);
  }

  console.log(`\n${table([COLUMNS, ...rows])}`);
  process.exitCode = found ? 1 : 0;
}

/** Compiles the targets. Returns the folder that they are in. */
function build(asan) {
  const host = /^host: (.*)$/m.exec(
    spawnSync('rustc', ['-vV'], { encoding: 'utf8' }).stdout
  )[1];
  const folder = path.join(CRATE, 'target', asan ? 'asan' : 'fuzz');
  const flags = [...INSTRUMENTATION, ...CHECKS];
  const env = { ...process.env };

  if (asan) {
    // The one flag that a stable compiler has, but does not offer.
    flags.push('-Zsanitizer=address');
    env.RUSTC_BOOTSTRAP = '1';
  }

  // With a `--target`, flags are not for build scripts and macros.
  const { status } = spawnSync(
    'cargo',
    [
      ...['build', '--release', '--locked', '--bins', '--target', host],
      ...['--target-dir', folder]
    ],
    {
      cwd: CRATE,
      env: { ...env, CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f') },
      stdio: 'inherit'
    }
  );

  if (status !== 0) process.exit(1);
  return path.join(folder, host, 'release');
}

/** Runs a target; resolves with its exit status and what it has printed. */
function run(folder, target, seconds, asan) {
  const corpus = path.join('corpus', target);
  const artifacts = path.join('artifacts', target, path.sep);
  const [, length = LENGTH] =
    Object.entries(LENGTHS).find(([name]) => target.startsWith(name)) ?? [];

  for (const each of [corpus, artifacts]) {
    fs.mkdirSync(path.join(CRATE, each), { recursive: true });
  }
  unpack(target, path.join(CRATE, corpus));

  return new Promise((resolve) => {
    // What is new goes to the first folder.
    const child = spawn(
      path.join(folder, target),
      [
        ...[corpus, path.join('seeds', target)],
        `-max_total_time=${seconds}`,
        `-max_len=${length}`,
        `-rss_limit_mb=${asan ? MEMORY_WITH_ASAN : MEMORY}`,
        `-timeout=${PATIENCE}`,
        `-artifact_prefix=${artifacts}`,
        // What takes long is changed less often: up to three times as many run.
        '-entropic_scale_per_exec_time=1',
        '-print_final_stats=1'
      ],
      { cwd: CRATE, stdio: ['ignore', 'inherit', 'pipe'] }
    );
    let output = '';

    child.stderr.setEncoding('latin1').on('data', (text) => {
      // Its end says it all, but of a finding it may be long.
      output = (output + text).slice(-100_000);
    });
    child.on('error', (error) => resolve({ status: 1, output: error.message }));
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** Writes the inputs that were found earlier to a folder. */
function unpack(target, folder) {
  const file = path.join(FOUND, target);
  if (!fs.existsSync(file)) return;

  for (const line of fs.readFileSync(file, 'latin1').split('\n').slice(0, -1)) {
    const input = Buffer.from(line, 'hex');
    const name = createHash('sha1').update(input).digest('hex');
    fs.writeFileSync(path.join(folder, name), input);
  }
}

/** Keeps, of what was found, as little as reaches as much. */
function keep(folder, target) {
  const merged = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-fuzz-'));
  const from = ['seeds', 'corpus'].map((name) => path.join(name, target));
  // Without counters: what is reached, not how often.
  const { status } = spawnSync(
    path.join(folder, target),
    ['-merge=1', '-use_counters=0', merged, ...from],
    { cwd: CRATE, stdio: 'ignore' }
  );

  if (status === 0) {
    const lines = fs
      .readdirSync(merged)
      .map((name) => fs.readFileSync(path.join(merged, name), 'hex'))
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    fs.mkdirSync(FOUND, { recursive: true });
    fs.writeFileSync(path.join(FOUND, target), `${lines.join('\n')}\n`);
  }
  fs.rmSync(merged, { recursive: true });
}

/** A number of libFuzzer's final statistics. */
function stat(output, name) {
  return new RegExp(`^stat::${name}: +(\\d+)$`, 'm').exec(output)?.[1] ?? '–';
}

main(process.argv.slice(2));
