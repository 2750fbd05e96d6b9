'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { Worker } = require('node:worker_threads');

const { files } = require('../support/libraries');

/** A program of this directory that runs in a process of its own. */
class Program {
  constructor(child) {
    this.child = child;
    this.stderr = '';
    this._lines = createInterface({ input: child.stdout })[
      Symbol.asyncIterator
    ]();
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    /** Resolves to `{ code, signal }` when it has ended. */
    this.ended = once(child, 'close').then(([code, signal]) => ({
      code,
      signal
    }));
  }

  /** The next line that it prints, as the JSON it is. */
  async read() {
    const { done, value } = await this._lines.next();
    if (done) throw new Error(`The program has ended: ${this.stderr}`);
    return JSON.parse(value);
  }

  /** Sends it a line; it gets `'line'` events of `process.stdin` by its own means. */
  write(line) {
    this.child.stdin.write(`${line}\n`);
  }

  /** Waits for its end, which is to be a success. */
  async success() {
    const { code, signal } = await this.ended;
    assert.deepStrictEqual(
      { code, signal },
      { code: 0, signal: null },
      this.stderr
    );
  }
}

/**
 * Runs a program of `programs/` in a process of its own, which ends with the test at the latest.
 *
 * @param {TestContext} t The test
 * @param {String} name The name of its file, or an absolute path
 * @param {Array} [args] Its arguments
 * @param {Object} [options]
 * @param {Number} [options.descriptors] How many descriptors it may have
 * @param {String[]} [options.flags] Flags of Node.js
 * @param {String[]} [options.runtime] The command that runs programs, if it is not that of Node.js
 * @return {Program} The program
 */
function run(
  t,
  name,
  args = [],
  { descriptors, flags = [], runtime = [process.execPath] } = {}
) {
  const file = path.resolve(__dirname, 'programs', name);
  let command = [...runtime, ...flags, file, ...args.map(String)];

  if (descriptors !== undefined) {
    const limit = `ulimit -n ${descriptors} && exec "$@"`;
    command = ['sh', '-c', limit, 'sh', ...command];
  }

  const child = spawn(command[0], command.slice(1), {
    stdio: ['pipe', 'pipe', 'pipe']
  });
  child.stdin.on('error', () => {});
  t.after(() => {
    if (child.exitCode === null) child.kill('SIGKILL');
  });
  return new Program(child);
}

/**
 * A raw client on a thread of its own, so that it can send while this thread does nothing: what it
 * sends has all arrived when this thread looks the next time.
 */
class ThreadClient {
  static async open(t, port) {
    const done = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(
      path.join(__dirname, 'programs/thread-client.js'),
      {
        workerData: { done, port }
      }
    );
    t.after(() => worker.terminate());
    await once(worker, 'message');
    return new ThreadClient(worker, done);
  }

  constructor(worker, done) {
    this._worker = worker;
    this._done = done;
  }

  /**
   * Sends bytes and returns when the operating system has them, and this thread did not read.
   *
   * @param {Uint8Array} bytes The bytes
   * @param {String} [then] `'end'` to have FIN follow, `'reset'` for RST; `'more'` if they are more
   *     than the operating system takes, and the rest is to follow as it does
   */
  send(bytes, then) {
    Atomics.store(this._done, 0, 0);
    this._worker.postMessage({ bytes, then });
    Atomics.wait(this._done, 0, 0);
  }
}

module.exports = { LIBRARIES: files, run, ThreadClient };
