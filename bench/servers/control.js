'use strict';

// The conversation of a process under test with the program that runs the race:
// one line of JSON per line on stdin, and an end when stdin ends, so that it
// never outlives its runner.

const readline = require('node:readline');
const v8 = require('node:v8');

const COLLECTIONS = 4;
const TURN = 50; // milliseconds

const answers = {
  /** CPU time of the process so far, in microseconds; memory in bytes. */
  cpu() {
    return { cpu: process.cpuUsage(), rss: process.memoryUsage.rss() };
  },

  /** Memory after garbage collection, in bytes. */
  async memory() {
    // What a WeakRef or a FinalizationRegistry lets go is freed by a collection
    // after the one that found it, in a later turn.
    for (let i = 0; i < COLLECTIONS; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, TURN));
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    const { total_physical_size: heapResident } = v8.getHeapStatistics();
    return { memory: { rss, heapUsed, external, heapResident } };
  }
};

/** Says that it is there, and what it runs on; then answers until stdin ends. */
function control(hello) {
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', async (line) => say(await answers[line]()));
  lines.on('close', () => process.exit());
  say({ ...hello, node: process.versions.node, pid: process.pid });
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

module.exports = { control };
