'use strict';

// Makes a clone ready to run: installs the npm packages and builds the addon,
// each only where it is missing or older than what it is made from. Says
// nothing when there is nothing to do.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** What the addon is built from. */
const SOURCES = ['src', 'build.rs', 'Cargo.toml', 'Cargo.lock'];

const LEAST_NODE = 20;

function main() {
  const node = Number(process.versions.node.split('.')[0]);

  if (node < LEAST_NODE) {
    fail(
      `Node.js ${LEAST_NODE} or later is needed; this is ${process.version}.`
    );
  }

  if (needsPackages()) installPackages();
  if (needsAddon()) buildAddon();
}

function needsPackages() {
  // npm writes this file at the end of every installation.
  const installed = modified(path.join('node_modules', '.package-lock.json'));
  return installed < modified('package-lock.json');
}

function installPackages() {
  say('Installing the npm packages …');

  // Not `npm ci`: it insists on packages for other platforms, which a registry
  // mirror need not have. Versions and checksums come from package-lock.json in
  // either case, and `--no-save` leaves that file alone.
  npm('install', '--no-save', '--include=dev', '--no-audit', '--no-fund');
  touch(path.join('node_modules', '.package-lock.json'), new Date());
}

function needsAddon() {
  const addon = findAddon();
  if (addon === null) return true;

  const built = modified(addon);
  return SOURCES.some((source) => newest(source) > built);
}

function buildAddon() {
  if (process.platform !== 'linux') {
    fail(`Ferrows runs on Linux only for now, not on ${process.platform}.`);
  }

  if (spawnSync('cargo', ['--version'], { cwd: ROOT }).status !== 0) {
    fail(
      'The addon has to be built, and that needs Rust, of which `cargo` was not found.\n' +
        'Install Rust (https://rustup.rs), open a new shell and run the command again.'
    );
  }

  say('Building the addon, which takes about a minute the first time …');

  // What is edited from now on is not part of the build.
  const started = new Date();
  npm('run', '--silent', 'build');

  const addon = findAddon();
  if (addon === null) fail('The build left no addon in lib/.');
  touch(addon, started);
}

/** The path of the addon that was built here, or null. */
function findAddon() {
  const lib = path.join(ROOT, 'lib');
  const name = fs.readdirSync(lib).find((name) => name.endsWith('.node'));
  return name === undefined ? null : path.join('lib', name);
}

/** When a file was last written, in ms; a file that is not there is the oldest. */
function modified(file) {
  const stats = fs.statSync(path.join(ROOT, file), { throwIfNoEntry: false });
  return stats === undefined ? -Infinity : stats.mtimeMs;
}

/** When a file, or the last one of those in a folder, was written. */
function newest(file) {
  const absolute = path.join(ROOT, file);
  const stats = fs.statSync(absolute, { throwIfNoEntry: false });

  if (stats === undefined || !stats.isDirectory()) return modified(file);
  return Math.max(
    ...fs.readdirSync(absolute).map((name) => newest(path.join(file, name)))
  );
}

function touch(file, time) {
  fs.utimesSync(path.join(ROOT, file), time, time);
}

/** Runs npm; its output is shown. */
function npm(...args) {
  // npm says where it is to the scripts that it runs.
  const cli = process.env.npm_execpath;
  const [command, first] = /npm-cli\.js$/.test(cli)
    ? [process.execPath, [cli]]
    : ['npm', []];

  // `npm pack --dry-run` runs this script too, and hands its options down.
  const env = { ...process.env };
  delete env.npm_config_dry_run;
  delete env.npm_config_json;

  const { error, signal, status } = spawnSync(command, [...first, ...args], {
    cwd: ROOT,
    env,
    // Stdout is for what the user asked for.
    stdio: ['ignore', 2, 2]
  });

  if (error) fail(`npm cannot be run: ${error.message}`);
  if (status !== 0) {
    fail(
      `\`npm ${args.join(' ')}\` failed (${signal ?? `exit status ${status}`}).`
    );
  }
}

function say(text) {
  console.error(`ferrows: ${text}`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

main();
