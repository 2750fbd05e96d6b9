'use strict';

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');

const { ROOT } = require('./support');

const run = promisify(execFile);

const REQUIREMENT = 'websockets>=13.1';
const ENVIRONMENT = path.join(ROOT, 'node_modules/.cache/python-websockets');
const PYTHON = path.join(ENVIRONMENT, 'bin/python');

/** Puts Python's `websockets` into an environment of its own, at the first use. */
async function install() {
  try {
    await run(PYTHON, ['-c', 'import websockets.sync.client']);
    return;
  } catch {
    // It is not there, or was not finished.
  }

  fs.mkdirSync(path.dirname(ENVIRONMENT), { recursive: true });
  await run('python3', ['-m', 'venv', '--clear', ENVIRONMENT]);
  await run(PYTHON, ['-m', 'pip', 'install', '--quiet', REQUIREMENT]);
}

/**
 * Runs a program made with Python's `websockets`. The test is skipped where that cannot be installed,
 * except where `CI` is set.
 *
 * @param {TestContext} t The test
 * @param {String} file The program's name
 * @param {String[]} args Its arguments
 * @return {Promise<(Object|null)>} The JSON that it prints; null if the test is skipped
 */
async function runPython(t, file, args) {
  try {
    await install();
  } catch (error) {
    if (process.env.CI) throw error;
    t.skip(`Python's websockets cannot be installed: ${error.message}`);
    return null;
  }

  const { stdout } = await run(PYTHON, [path.join(__dirname, file), ...args]);
  return JSON.parse(stdout);
}

module.exports = { runPython };
