'use strict';

// The load generator, a process of its own.

const cargo = require('./cargo');
const { Child } = require('./child');

/** Builds it. */
function build() {
  cargo.build('load');
}

/**
 * Starts it (see `load --help`).
 *
 * @param {Object} parameters Its scenario and the options of that, by their names
 * @return {Child} Its process
 */
function start({ scenario, ...parameters }) {
  const options = Object.entries(parameters).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)]
  );
  const command = [
    cargo.binary('load'),
    scenario,
    '--gated',
    '--pin',
    ...options
  ];
  return new Child('load generator', command);
}

module.exports = { build, start };
