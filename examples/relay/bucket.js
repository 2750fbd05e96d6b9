'use strict';

/** A token bucket: `rate` tokens a second, of which `burst` can be saved up. */
module.exports = class Bucket {
  /**
   * @param {number} rate
   * @param {number} burst
   * @param {() => number} now milliseconds of a clock that never goes back
   */
  constructor(rate, burst, now = () => performance.now()) {
    this._rate = rate;
    this._burst = burst;
    this._now = now;
    this._tokens = burst;
    this._filledAt = now();
  }

  /** Takes `amount` tokens, or none and returns false. */
  take(amount) {
    const now = this._now();
    const gained = ((now - this._filledAt) / 1000) * this._rate;

    this._tokens = Math.min(this._tokens + gained, this._burst);
    this._filledAt = now;

    if (this._tokens < amount) return false;

    this._tokens -= amount;
    return true;
  }
};
