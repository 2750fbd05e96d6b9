'use strict';

// Fake timers replace it later. It is there without `perf_hooks`, which takes a while to load.
const { hrtime } = process;

/** The time in ms since some moment of the past; nobody sets this clock. */
module.exports = function now() {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
};
