'use strict';

// The load generator: built on first use, and after its sources changed.

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const crate = path.join(__dirname, 'load');
const binary = path.join(crate, 'target', 'release', 'load');

function build() {
  const args = ['build', '--release', '--locked', '--quiet'];
  const { error, status } = spawnSync('cargo', args, {
    cwd: crate,
    // Wherever the user's builds go, this one goes where it is looked for.
    env: { ...process.env, CARGO_TARGET_DIR: path.join(crate, 'target') },
    stdio: ['ignore', 2, 2]
  });
  if (error) throw new Error(`cargo: ${error.message}`);
  if (status !== 0) throw new Error('the load generator cannot be built');
}

/** The command line for a scenario's load (see `load --help`). */
function command(load, port, { seconds, warmup }) {
  const { scenario, binary: isBinary, ...numbers } = load;
  const args = Object.entries({ port, seconds, warmup, ...numbers });
  return [
    binary,
    scenario,
    '--gated',
    ...args.flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(isBinary ? ['--binary'] : [])
  ];
}

module.exports = { build, command };
