'use strict';

// What it costs to have a package at all: `npm install` from a warm cache, its size
// on the disk, and the time that require() takes in a fresh process.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { performance } = require('node:perf_hooks');

const ROOT = path.join(__dirname, '..', '..');

/** Fresh processes that require it; the median counts. */
const REQUIRES = 5;

let scratch = null;
let packed = null;

/** Its time is not settled by how long the load is, so it takes no settings. */
async function install({ contestant }) {
  const { dependencies, requires, node } = contestant.package;
  const words = dependencies
    ? Object.entries(dependencies).map(
        ([name, version]) => `${name}@${version}`
      )
    : packFerrows();
  // The first one fills npm's cache.
  const warm = folder('warm');
  npm(warm, ['install', ...words]);
  fs.rmSync(warm, { recursive: true });

  const home = folder('timed');
  const start = performance.now();
  npm(home, ['install', '--prefer-offline', ...words]);
  const seconds = (performance.now() - start) / 1000;
  const figures = {
    install: seconds,
    unpacked: sizeOf(path.join(home, 'node_modules'))
  };
  if (requires) figures.load = requireTime(home, requires, node);
  fs.rmSync(home, { recursive: true });
  return figures;
}

/** The packages of this repository, as they would be published; made once. */
function packFerrows() {
  if (packed === null) {
    const to = folder('packages');
    npm(ROOT, ['pack', '--silent', '--pack-destination', to]);
    packed = fs
      .readdirSync(to)
      .filter((name) => name.endsWith('.tgz'))
      .map((name) => path.join(to, name));
  }
  return packed;
}

function npm(cwd, [command, ...words]) {
  const { error, status, stderr } = spawnSync(
    'npm',
    [command, '--no-audit', '--no-fund', '--loglevel=error', ...words],
    { cwd, encoding: 'utf8', timeout: 5 * 60_000 }
  );
  if (error) throw new Error(`npm: ${error.message}`);
  if (status !== 0) throw new Error(`npm ${command}: ${stderr.trim()}`);
}

/** A new folder, which goes when the race is over. */
function folder(name) {
  if (scratch === null) {
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-install-'));
    process.on('exit', () => fs.rmSync(scratch, { recursive: true }));
  }
  const created = fs.mkdtempSync(path.join(scratch, `${name}-`));
  // npm installs into the next folder upwards that has one.
  fs.writeFileSync(path.join(created, 'package.json'), '{}\n');
  return created;
}

/** Bytes of all files below a folder; those with several names count once. */
function sizeOf(place) {
  const sizes = new Map();
  const files = fs.readdirSync(place, { recursive: true });
  for (const file of files) {
    const stats = fs.lstatSync(path.join(place, file));
    if (stats.isFile()) sizes.set(stats.ino, stats.size);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** Milliseconds. */
function requireTime(cwd, name, node) {
  const script = `
    const start = performance.now();
    require(${JSON.stringify(name)});
    console.log(performance.now() - start);
  `;
  const times = Array.from({ length: REQUIRES }, () => {
    const { stdout, stderr } = spawnSync(node, ['--eval', script], {
      cwd,
      encoding: 'utf8'
    });
    const time = Number.parseFloat(stdout);
    if (Number.isNaN(time)) throw new Error(`require(): ${stderr.trim()}`);
    return time;
  });
  return times.sort((a, b) => a - b)[REQUIRES >> 1];
}

module.exports = { install };
