'use strict';

// npm packages that only some races need: installed when they are first used,
// each set in a folder of its own, so that one that cannot be had takes none with it.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const FOLDER = path.join(__dirname, 'peers');
const TIMEOUT = 10 * 60_000; // milliseconds
const MAX_REASON = 600; // characters

/**
 * @param {String} name The set
 * @param {String} id One of its packages
 * @return {String} Where that is, or will be
 */
function location(name, id) {
  return path.join(FOLDER, name, 'node_modules', id);
}

/**
 * Installs a set of packages, unless it is there.
 *
 * @param {String} name The set
 * @param {Object} dependencies As in a package.json
 * @throws {Error} If it cannot be installed
 */
function install(name, dependencies) {
  const folder = path.join(FOLDER, name);
  const manifest = path.join(folder, 'package.json');
  const text = `${JSON.stringify({ private: true, dependencies }, null, 2)}\n`;
  // npm writes the second one at the end of an installation.
  const installed = path.join(folder, 'node_modules', '.package-lock.json');
  if (fs.existsSync(installed) && fs.readFileSync(manifest, 'utf8') === text) {
    return;
  }

  console.error(`Installing ${Object.keys(dependencies).join(', ')} …`);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(manifest, text);
  const { error, status, stderr } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: folder, encoding: 'utf8', timeout: TIMEOUT }
  );
  if (error) throw new Error(`npm: ${error.message}`);
  if (status !== 0) {
    throw new Error(`npm install: ${stderr.trim().slice(0, MAX_REASON)}`);
  }
}

module.exports = { install, location };
