'use strict';

// The load generator, a process of its own.

const cargo = require('./cargo');

/** Builds it. */
function build() {
  cargo.build('load');
}

/** The command line for a scenario's load (see `load --help`). */
function command(load, port, { seconds, warmup }) {
  const { scenario, binary: isBinary, ...numbers } = load;
  const args = Object.entries({ port, seconds, warmup, ...numbers });
  return [
    cargo.binary('load'),
    scenario,
    '--gated',
    ...args.flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(isBinary ? ['--binary'] : [])
  ];
}

module.exports = { build, command };
