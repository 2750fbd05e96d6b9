'use strict';

const now = require('./clock');

// Fake timers replace them later.
const { clearTimeout, setTimeout } = globalThis;

/** Between two looks at what could be given back there are so many milliseconds at least and at most. */
const SHORTEST_INTERVAL = 100;
const LONGEST_INTERVAL = 10_000;

/** All connections are looked at. That takes one part in so many of the time at most. */
const LOOK_SHARE = 50;

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
    /** Connections that may compress messages. */
    this._open = 0;
    /** Those that have closed since the last look. */
    this._closed = 0;
    this._look = () => {
      const isFalling = this._closed >= MANY;
      const begin = now();
      const isUsed = this._native.releaseCodecs();

      this._timer = null;
      this._closed = 0;
      if (!isUsed && !isFalling && this._open === 0) return;

      let interval = isUsed ? this._interval : LONGEST_INTERVAL;
      // Where many have closed, others may be about to.
      if (isFalling) interval = SHORT_INTERVAL;
      this._wait(Math.max(interval, (now() - begin) * LOOK_SHARE));
    };
  }

  /**
   * A connection may compress messages from now on.
   *
   * @param {Number} releaseAfter The milliseconds after which what it keeps is given back; 0: never
   */
  open(releaseAfter) {
    if (releaseAfter > 0 && releaseAfter < this._interval) {
      this._interval = Math.max(releaseAfter, SHORTEST_INTERVAL);
    }

    this._open++;
    if (this._timer === null) this._wait(this._interval);
  }

  /** A connection that might have compressed messages is closed. */
  close() {
    this._open--;
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
