'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const readline = require('node:readline');

const { files } = require('./libraries');

/**
 * A Node.js process that runs one function. The function is sent as its source, so it sees nothing
 * of its file. It is called with `{ lib, name, say, support }`: the library and its name, a function
 * that sends a JSON value to the parent, and one that requires a file of `__test__/support`.
 */
class Child {
  /**
   * @param {TestContext} t The test; the process is killed when it ends
   * @param {String} name `'ws'` or `'ferrows'`
   * @param {Function} body The function
   * @param {String[]} [execArgv] Options of Node.js
   */
  constructor(t, name, body, execArgv = []) {
    const source = `
      const say = (value) =>
        require('fs').writeSync(1, JSON.stringify(value) + '\\n');
      const lib = require(${JSON.stringify(files[name])});
      const support = (file) => require(${JSON.stringify(__dirname)} + '/' + file);
      (${body})({ lib, name: ${JSON.stringify(name)}, say, support });`;

    this.process = spawn(process.execPath, [...execArgv, '-e', source]);
    t.after(() => this.process.kill('SIGKILL'));
    this.stderr = '';
    this.process.stderr.on('data', (chunk) => (this.stderr += chunk));
    this._ended = once(this.process, 'close');
    this._lines = readline
      .createInterface({ input: this.process.stdout })
      [Symbol.asyncIterator]();
  }

  /** The next value that the process says. */
  async next() {
    const { value, done } = await this._lines.next();
    if (done) throw new Error(`The process ended:\n${this.stderr}`);
    return JSON.parse(value);
  }

  /** Waits until the process ends by itself; returns its exit code, or the signal. */
  async end() {
    const [code, signal] = await this._ended;
    return signal ?? code;
  }
}

module.exports = { Child };
