'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { compareStreams, comparesStreams, libraries } = require('./libraries');

/**
 * Runs a scenario on ws and on Ferrows, and compares what they logged: the reference is ws, never
 * an expectation of ours. A scenario is called with `{ lib, log, t, name }`; it logs events,
 * arguments and bytes by `log(...values)`, resolves when all of them have happened, and leaves
 * nothing behind.
 *
 * @param {String} title The behaviour, as a sentence
 * @param {Function} scenario `async ({ lib, log, t, name }) => {}`
 * @param {Function} [check] Called with the log, to see that what should happen did
 */
function contract(title, scenario, check) {
  test(title, async (t) => {
    const expected = await run('ws', scenario, t);
    const actual = await run('ferrows', scenario, t);

    assert.notStrictEqual(expected.length, 0, 'the scenario logged nothing');
    assert.deepStrictEqual(actual, expected);
    if (check) check(actual);
  });
}

/** Runs a scenario on one library and returns its log. */
async function run(name, scenario, t) {
  const entries = [];
  const log = (...values) => entries.push(values.map(plain));

  await scenario({ lib: libraries[name], log, t, name });
  return entries;
}

/** Makes a logged value comparable: buffers become hex, errors their class, text and code. */
function plain(value) {
  if (Buffer.isBuffer(value)) return `Buffer ${value.toString('hex')}`;
  if (value instanceof ArrayBuffer) {
    return `ArrayBuffer ${Buffer.from(value).toString('hex')}`;
  }
  if (value instanceof Error) {
    const { name, message, code } = value;
    return code === undefined ? { name, message } : { name, message, code };
  }
  if (Array.isArray(value)) return value.map(plain);
  return value;
}

module.exports = {
  compareStreams,
  comparesStreams,
  contract,
  libraries,
  plain
};
