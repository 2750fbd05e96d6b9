'use strict';

// A line that says how far the race is: rewritten in a terminal, otherwise
// printed anew for each trial. On stderr, so that stdout holds the table alone.

const isTerminal = process.stderr.isTTY;

class Progress {
  constructor(total) {
    this.total = total;
    this.done = 0;
    this.start = Date.now();
  }

  /** A trial begins. */
  step(text) {
    const left = this.done
      ? ((Date.now() - this.start) / this.done) * (this.total - this.done)
      : undefined;
    this.done += 1;
    const time =
      left === undefined ? '' : `, about ${Math.ceil(left / 1000)} s left`;
    this.write(`[${this.done}/${this.total}] ${text}${time}`);
    if (!isTerminal) process.stderr.write('\n');
  }

  clear() {
    this.write('');
  }

  write(text) {
    process.stderr.write(isTerminal ? `\r\x1b[2K${text}` : text);
  }
}

module.exports = { Progress };
