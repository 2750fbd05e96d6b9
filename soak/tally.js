'use strict';

// What a process of the soak has found wrong.

const KEPT_NOTES = 20;

class Tally {
  constructor() {
    this.lost = 0;
    this.doubled = 0;
    this.reordered = 0;
    /** Messages that are not what was sent. */
    this.damaged = 0;
    /** Closes, errors and answers other than those that had to come. */
    this.unexpected = 0;
    /** What the first of them were. */
    this.notes = [];
  }

  add(what, note, count = 1) {
    this[what] += count;
    if (this.notes.length < KEPT_NOTES) {
      const minute = (process.uptime() / 60).toFixed(1);
      this.notes.push(`minute ${minute}, ${what}: ${note}`);
    }
  }
}

/** The numbers of what arrives in one direction of a connection: each one more than the last. */
class Sequence {
  /**
   * @param {Tally} tally Where to write what is wrong
   * @param {String} name What is said of it
   * @param {Number} [next=0] The first number
   */
  constructor(tally, name, next = 0) {
    this._tally = tally;
    this._name = name;
    this._missing = new Set();
    this.next = next;
  }

  /** Takes the number of what has arrived. */
  arrived(number) {
    if (number === this.next) {
      this.next++;
    } else if (number > this.next) {
      for (; this.next < number; this.next++) this._missing.add(this.next);
      this.next++;
    } else if (this._missing.delete(number)) {
      this._tally.add('reordered', `${this._name}: ${number}`);
    } else {
      this._tally.add('doubled', `${this._name}: ${number}`);
    }
  }

  /** The connection has ended, and only this many were sent if it is known. */
  ended(total = this.next) {
    const lost = this._missing.size + Math.max(0, total - this.next);
    if (lost > 0) {
      this._tally.add('lost', `${this._name}: ${lost} of ${total}`, lost);
    }
    if (total < this.next) {
      this._tally.add('doubled', `${this._name}: more than ${total}`);
    }
  }
}

/** Numbers that are expected back, in the order in which they left. */
class Answers {
  constructor(tally, name) {
    this._tally = tally;
    this._name = name;
    this._waiting = [];
    this._skipped = new Set();
  }

  get count() {
    return this._waiting.length + this._skipped.size;
  }

  expect(answer) {
    this._waiting.push(answer);
  }

  arrived(answer) {
    const index = this._waiting.indexOf(answer);

    if (index !== -1) {
      // Those before it may still come.
      for (const other of this._waiting.splice(0, index + 1)) {
        if (other !== answer) this._skipped.add(other);
      }
    } else if (this._skipped.delete(answer)) {
      this._tally.add('reordered', `${this._name}: ${answer}`);
    } else {
      this._tally.add('doubled', `${this._name}: ${answer}`);
    }
  }

  /** Nothing more will arrive. */
  ended() {
    const lost = this._waiting.length + this._skipped.size;
    if (lost > 0) this._tally.add('lost', `${this._name}: ${lost}`, lost);
  }
}

module.exports = { Answers, Sequence, Tally };
