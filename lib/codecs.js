'use strict';

// Fake timers replace them later.
const { clearTimeout, setTimeout } = globalThis;

/** Between two looks at what could be given back there are at most this many milliseconds. */
const LONGEST_INTERVAL = 10_000;

/** After many connections have closed, it is looked sooner. */
const MANY = 100;
const SHORT_INTERVAL = 500;

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
    this._timer = null;
    /** Connections that have closed since the last look. */
    this._closed = 0;
    this._look = () => {
      const isFalling = this._closed >= MANY;

      this._timer = null;
      this._closed = 0;
      // Where many have closed, others may be about to.
      if (this._native.releaseCodecs() || isFalling) {
        this._wait(isFalling ? SHORT_INTERVAL : this._interval);
      }
    };
  }

  /**
   * A connection may compress messages from now on.
   *
   * @param {Number} releaseAfter The milliseconds after which what it keeps is given back; 0: never
   */
  open(releaseAfter) {
    if (releaseAfter > 0 && releaseAfter < this._interval) {
      this._interval = releaseAfter;
    }

    if (this._timer === null) this._wait(this._interval);
  }

  /** A connection that might have compressed messages is closed. */
  close() {
    this._closed++;

    if (this._closed === MANY) {
      clearTimeout(this._timer);
      this._wait(SHORT_INTERVAL);
    } else if (this._timer === null) {
      this._wait(this._interval);
    }
  }

  _wait(interval) {
    this._timer = setTimeout(this._look, interval);
    this._timer.unref();
  }
}

module.exports = Codecs;
