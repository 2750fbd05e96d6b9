'use strict';

// A process that this program started: a line conversation with it, and its end.
// Only such processes are ever ended, each through its own handle.

const { spawn } = require('node:child_process');
const readline = require('node:readline');

const END = 10_000; // milliseconds a process gets to end when its stdin has ended
const MAX_STDERR = 4096;

const running = new Set();

class Child {
  constructor(name, [command, ...args]) {
    this.name = name;
    this.process = spawn(command, args, { stdio: 'pipe' });
    this.stderr = '';
    this.process.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr = (this.stderr + text).slice(-MAX_STDERR);
    });
    // Writing to a process that has died fails; that it died is reported anyway.
    this.process.stdin.on('error', () => {});
    this.lines = readline
      .createInterface({ input: this.process.stdout })
      [Symbol.asyncIterator]();
    running.add(this);
    this.ended = new Promise((resolve) => {
      this.process.once('error', (error) => resolve(error.message));
      this.process.once('close', (code, signal) => {
        resolve(signal ?? `status ${code}`);
      });
    }).finally(() => running.delete(this));
  }

  /** Sends a line. */
  say(line) {
    this.process.stdin.write(`${line}\n`);
  }

  /** The next line, parsed; fails if none comes for `timeout` milliseconds. */
  async hear(timeout) {
    const { done, value } = await this.within(timeout, this.lines.next());
    if (done) {
      const how = await this.within(END, this.ended);
      throw this.failure(`ended with ${how}`);
    }
    try {
      return JSON.parse(value);
    } catch {
      throw this.failure(`printed "${value}"`);
    }
  }

  /** Sends a line and resolves to the answer. */
  ask(line, timeout) {
    this.say(line);
    return this.hear(timeout);
  }

  /** Ends stdin, which ends the process; fails unless it ends with status 0. */
  async end() {
    this.process.stdin.end();
    const how = await this.within(END, this.ended);
    if (how !== 'status 0') throw this.failure(`ended with ${how}`);
  }

  kill() {
    this.process.kill('SIGKILL');
  }

  async within(timeout, promise) {
    let timer;
    const late = new Promise((_, reject) => {
      const text = `silent for ${timeout / 1000} s`;
      timer = setTimeout(() => reject(this.failure(text)), timeout);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  failure(text) {
    const stderr = this.stderr.trim();
    return new Error(`${this.name}: ${text}${stderr && `\n${stderr}`}`);
  }
}

/** Ends what this program started and what still runs. */
function killAll() {
  for (const child of running) child.kill();
}

module.exports = { Child, killAll };
