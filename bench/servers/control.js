'use strict';

// The conversation of a process under test with the program that runs the race:
// one line of JSON per line on stdin, and an end when stdin ends, so that it
// never outlives its runner. Runs on Node.js, Bun and Deno.

const { monitorEventLoopDelay } = require('node:perf_hooks');
const process = require('node:process');
const readline = require('node:readline');
const v8 = require('node:v8');
const meter = require('./meter');

const COLLECTIONS = 4;
const TURN = 50; // milliseconds

/** `globalThis.gc` is there with `--expose-gc`, in V8. */
const collect = () =>
  globalThis.Bun ? globalThis.Bun.gc(true) : globalThis.gc();

/** Resident bytes of the heap, as far as the runtime tells them from the rest. */
const heapResident = () =>
  globalThis.Bun
    ? process.memoryUsage().heapUsed
    : v8.getHeapStatistics().total_physical_size;

let delays = null;

const answers = {
  /**
   * CPU time of the process so far, in microseconds; memory in bytes; how late the
   * event loop was since the last question, in milliseconds, if that is measured.
   */
  cpu() {
    const { rss } = process.memoryUsage();
    return { cpu: process.cpuUsage(), rss, ...lateness(), ...meter.read() };
  },

  /** Memory after garbage collection, in bytes. */
  async memory() {
    // What a WeakRef or a FinalizationRegistry lets go is freed by a collection
    // after the one that found it, in a later turn.
    for (let i = 0; i < COLLECTIONS; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, TURN));
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return {
      memory: { rss, heapUsed, external, heapResident: heapResident() }
    };
  }
};

function lateness() {
  if (delays === null) return {};
  const delay = delays.percentile(99) / 1e6;
  delays.reset();
  return { delay };
}

/**
 * Says that it is there, and what it runs on; then answers until stdin ends.
 *
 * @param {Object} hello What is to be said besides
 * @param {Object} [options] `delay`: whether the event loop's delay is measured
 */
function control(hello, { delay = false } = {}) {
  if (delay) {
    delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
  }
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', async (line) => say(await answers[line]()));
  lines.on('close', () => process.exit());
  // Bun and Deno name one too, which they imitate.
  const isNode = !globalThis.Bun && !globalThis.Deno;
  const node = isNode ? process.versions.node : undefined;
  say({ ...hello, node, pid: process.pid });
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

module.exports = { control };
