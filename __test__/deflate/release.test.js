'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');

const CLOCK = require.resolve('../../lib/clock');
const CODECS = require.resolve('../../lib/codecs');

/** Has `Codecs` look at connections by a clock that the test turns. */
class Looks {
  /**
   * @param {Function} release What the native side does; it returns whether something is left
   * @param {Number} [duration=0] The milliseconds that it takes
   */
  constructor(release, duration = 0) {
    /** When it was looked. */
    this.times = [];
    this._time = 0;
    this._timers = new Map();

    const Codecs = this._load();
    this.codecs = new Codecs({
      releaseCodecs: () => {
        this.times.push(this._time);
        this._time += duration;
        return release();
      }
    });
  }

  /** Loads the module, which takes the clock and the timers that are there then. */
  _load() {
    const { clearTimeout, setTimeout } = globalThis;
    const modules = [CLOCK, CODECS].map((path) => [path, require.cache[path]]);

    try {
      globalThis.setTimeout = (callback, delay) => {
        const timer = { unref() {} };
        this._timers.set(timer, { callback, at: this._time + delay });
        return timer;
      };
      globalThis.clearTimeout = (timer) => this._timers.delete(timer);
      require.cache[CLOCK] = { exports: () => this._time, loaded: true };
      delete require.cache[CODECS];
      return require(CODECS);
    } finally {
      Object.assign(globalThis, { clearTimeout, setTimeout });
      for (const [path, module] of modules) require.cache[path] = module;
    }
  }

  /** Lets milliseconds pass. */
  pass(duration) {
    const end = this._time + duration;

    for (;;) {
      const next = [...this._timers].sort((a, b) => a[1].at - b[1].at)[0];
      if (next === undefined || next[1].at > end) break;
      this._timers.delete(next[0]);
      this._time = next[1].at;
      next[1].callback();
    }
    this._time = end;
  }
}

suite('what connections keep for compression is looked at', () => {
  test('when releaseAfter has passed, and then again while something is left', () => {
    let left = 3;
    const looks = new Looks(() => left-- > 0);

    looks.codecs.open(2500);
    looks.pass(2499);
    assert.deepStrictEqual(looks.times, []);
    looks.pass(7501);
    assert.deepStrictEqual(looks.times, [2500, 5000, 7500, 10_000]);
  });

  test('every 10 s at least, and ten times a second at most', () => {
    for (const [releaseAfter, times] of [
      [60_000, [10_000, 20_000]],
      [0, [10_000, 20_000]],
      [1, Array.from({ length: 200 }, (_, i) => (i + 1) * 100)]
    ]) {
      const looks = new Looks(() => true);
      looks.codecs.open(releaseAfter);
      looks.pass(20_050);
      assert.deepStrictEqual(looks.times, times);
    }
  });

  test('more seldom where that takes long', () => {
    const looks = new Looks(() => true, 8);

    looks.codecs.open(1);
    looks.pass(1000);
    assert.deepStrictEqual(looks.times, [100, 508, 916]);
  });

  // There was no further look once nothing was kept: what was sent later was kept for ever.
  test('as long as there is one that may send something', () => {
    const looks = new Looks(() => false);

    looks.codecs.open(500);
    looks.codecs.open(500);
    looks.pass(500);
    assert.deepStrictEqual(looks.times, [500]);
    looks.pass(10_000);
    assert.deepStrictEqual(looks.times, [500, 10_500]);

    looks.codecs.close();
    looks.codecs.close();
    looks.pass(10_000);
    assert.deepStrictEqual(looks.times, [500, 10_500, 20_500]);
    looks.pass(1e6);
    assert.strictEqual(looks.times.length, 3, 'it ends with the last one');
  });

  test('soon where many have closed', () => {
    const looks = new Looks(() => false);

    for (let i = 0; i < 150; i++) looks.codecs.open(60_000);
    looks.pass(1000);
    for (let i = 0; i < 150; i++) looks.codecs.close();
    looks.pass(1000);
    assert.deepStrictEqual(looks.times, [1500, 2000]);
  });
});
