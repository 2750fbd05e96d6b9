'use strict';

// The parts of the race that are written in Rust: built on first use, and after
// their sources changed.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/**
 * @param {String} crate A crate in this folder
 * @param {String} [name] Its binary, if that has another name
 * @return {String} Where the binary is, or will be
 */
function binary(crate, name = crate) {
  return path.join(__dirname, crate, 'target', 'release', name);
}

/**
 * Builds a crate of this folder.
 *
 * @param {String} name The crate
 * @throws {Error} If it cannot be built
 */
function build(name) {
  const crate = path.join(__dirname, name);
  const args = ['build', '--release', '--locked', '--quiet'];
  const { error, status } = spawnSync('cargo', args, {
    cwd: crate,
    // Wherever the user's builds go, this one goes where it is looked for.
    env: { ...process.env, CARGO_TARGET_DIR: path.join(crate, 'target') },
    stdio: ['ignore', 2, 2]
  });
  if (error) throw new Error(`cargo: ${error.message}`);
  if (status !== 0) throw new Error(`bench/${name} cannot be built`);
}

/** The version of a dependency of a crate of this folder. */
function versionOf(crate, dependency) {
  const file = path.join(__dirname, crate, 'Cargo.lock');
  const lock = fs.readFileSync(file, 'utf8');
  const form = new RegExp(`^name = "${dependency}"\nversion = "(.+)"$`, 'm');
  return form.exec(lock)?.[1] ?? null;
}

module.exports = { binary, build, versionOf };
