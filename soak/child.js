'use strict';

// What all processes of a soak have in common: they do what run.js asks for, and
// report how they are.

const fs = require('node:fs');

/**
 * Answers the questions of run.js.
 *
 * @param {Object} work What it can ask for, by name: functions, the results of which are answered
 * @param {Function} counts Returns what is reported besides memory, descriptors and handles
 */
function serve(work, counts) {
  const all = { ...work, report: () => ({ ...vitals(), ...counts() }) };

  process.on('message', async ({ id, ask, argument }) => {
    process.send({ id, answer: await all[ask](argument) });
  });
  // run.js is gone.
  process.on('disconnect', () => process.exit(1));
}

/** Memory is that after garbage collection. */
function vitals() {
  globalThis.gc();
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    rss,
    heap: heapUsed,
    external,
    cpu: (user + system) / 1e6,
    // One of them is that of the directory.
    descriptors: fs.readdirSync('/proc/self/fd').length - 1,
    handles: count(process.getActiveResourcesInfo())
  };
}

function count(names) {
  const counts = {};
  for (const name of names.sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

module.exports = { serve };
