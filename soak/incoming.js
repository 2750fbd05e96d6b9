'use strict';

const { HEAD, parse } = require('./message');
const { Sequence } = require('./tally');

/** One in so many messages is kept, and looked at again later. */
const KEPT_FROM = 50;

/** What arrives in one direction of a connection. */
class Incoming {
  constructor(tally, name) {
    this._tally = tally;
    this._name = name;
    this._kept = null;
    this.sequence = new Sequence(tally, name);
    this.count = 0;
  }

  /** Checks a message, and takes it apart. */
  take(data) {
    const message = parse(data);
    if (!message.intact) this._damaged(data);
    if (this.count++ % KEPT_FROM === 0) {
      this._lookAgain();
      this._kept = data;
    }
    return message;
  }

  /**
   * The connection has ended.
   *
   * @param {Number} [total] How many were sent, if it is known
   */
  ended(total) {
    this._lookAgain();
    this.sequence.ended(total);
  }

  /** A message belongs to who got it, and does not change any more. */
  _lookAgain() {
    if (this._kept !== null && !parse(this._kept).intact) {
      this._damaged(this._kept, 'later ');
    }
    this._kept = null;
  }

  _damaged(data, when = '') {
    const head = data.latin1Slice(0, HEAD);
    this._tally.add(
      'damaged',
      `${this._name}: ${when}${data.length} bytes of ${JSON.stringify(head)}`
    );
  }
}

module.exports = { Incoming };
