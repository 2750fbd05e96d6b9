'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const cases = require('./cases');
const { read, renew } = require('./document');
const sections = require('./sections');
const { title } = require('./verdict');

test('docs/conformance.md is current; otherwise: npm run conformance', () => {
  const text = read();
  assert.ok(renew(text) === text);
});

test('each case has a title of its own', () => {
  const titles = cases.map(title);
  const twice = titles.filter((one, i) => titles.indexOf(one) !== i);
  assert.deepStrictEqual(twice, []);
});

test('each section of a case has a name', () => {
  const unnamed = cases.filter(({ at, rfc }) => !sections[rfc][at]);
  assert.deepStrictEqual(unnamed.map(title), []);
});

test('each leniency and each violation has a reason', () => {
  const mute = cases.filter(
    ({ tolerates, violates }) =>
      (tolerates && !tolerates.because) || (violates && !violates.because)
  );
  assert.deepStrictEqual(mute.map(title), []);
});
