'use strict';

// Fake timers replace it later.
const { setTimeout } = globalThis;

/** Between two looks at what could be given back there are at most this many milliseconds. */
const LONGEST_INTERVAL = 10_000;

/**
 * Has the native side give back what it keeps for compression and has not used for long.
 */
class Codecs {
  /**
   * @param {Endpoint} native The native endpoint
   */
  constructor(native) {
    this._native = native;
    this._interval = LONGEST_INTERVAL;
    this._isWatching = false;
    this._look = () => {
      this._isWatching = this._native.releaseCodecs();
      if (this._isWatching) this._wait();
    };
  }

  /**
   * A connection may compress messages from now on.
   *
   * @param {Number} releaseAfter The milliseconds after which what it keeps is given back; 0: never
   */
  watch(releaseAfter) {
    if (releaseAfter > 0) {
      this._interval = Math.min(this._interval, Math.max(releaseAfter, 1));
    }

    if (!this._isWatching) {
      this._isWatching = true;
      this._wait();
    }
  }

  _wait() {
    setTimeout(this._look, this._interval).unref();
  }
}

module.exports = Codecs;
