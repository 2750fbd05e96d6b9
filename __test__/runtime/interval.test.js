'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const Intake = require('../../lib/intake');

test('what is sent waits a millisecond, or as long as leaves a quarter of the time for writing', () => {
  for (const [duration, interval] of [
    [0, 1],
    [0.25, 1],
    [1, 4],
    [3, 12]
  ]) {
    assert.strictEqual(Intake.intervalAfter(duration), interval);
  }
});

test('one write that took unusually long does not make the next one wait as long', () => {
  assert.strictEqual(Intake.intervalAfter(6), 20);
  assert.strictEqual(Intake.intervalAfter(1000), 20);
});
