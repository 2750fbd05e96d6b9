'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { Tally } = require('../../soak/tally');
const { judge, MAY_GROW } = require('../../soak/verdict');

/** The report of a process. */
function report(changes) {
  return {
    rss: 70e6,
    cpu: 1,
    descriptors: 24,
    handles: { PipeWrap: 1, TCPServerWrap: 2 },
    tally: new Tally(),
    ...changes
  };
}

/** The reports of all processes; those of the server are changed. */
function reports(changes) {
  const traffic = { connections: 1, messages: 1, bytes: 1, closes: {} };
  return {
    server: report({ ...traffic, callbacks: 0, open: 0, ...changes }),
    ferrows: report()
  };
}

/** The lines that say what is not as it must be. */
function complaints(after, loaded = []) {
  const { text, passed } = judge(reports(), loaded, reports(after), 60_000);
  const lines = text.split('\n').filter((line) => line.startsWith('NOT OK'));
  assert.strictEqual(passed, lines.length === 0);
  return lines.map((line) => line.slice(8));
}

test('a soak passes that leaves everything as it was', () => {
  assert.deepStrictEqual(complaints({}), []);
  assert.deepStrictEqual(complaints({ rss: 70e6 + MAY_GROW }), []);
});

for (const what of ['lost', 'doubled', 'reordered', 'damaged', 'unexpected']) {
  test(`a soak fails by one message that is ${what}`, () => {
    const tally = new Tally();
    tally.add(what, 'a message');
    assert.deepStrictEqual(complaints({ tally }), [`${what}: 1`]);
  });
}

test('a soak fails by what is kept', () => {
  for (const [changes, pattern] of [
    [{ rss: 70e6 + MAY_GROW + 1 }, /^server: RSS/],
    [{ descriptors: 25 }, /^server: 24 descriptors when warm, 25/],
    [{ handles: { PipeWrap: 1, TCPServerWrap: 2, Timeout: 1 } }, /^server: ha/],
    [{ callbacks: 1 }, /^callbacks of send\(\)/],
    [{ open: 1 }, /^connections that the server still has: 1/]
  ]) {
    const lines = complaints(changes);
    assert.strictEqual(lines.length, 1);
    assert.match(lines[0], pattern);
  }
});

test('a soak fails by memory that grows while clients are there', () => {
  const growing = (step) =>
    Array.from({ length: 12 }, (_, i) => reports({ rss: 100e6 + i * step }));
  assert.deepStrictEqual(complaints({}, growing(1e6)), []);
  const [line, ...others] = complaints({}, growing(10e6));
  assert.match(line, /^server: RSS under load/);
  assert.deepStrictEqual(others, []);
});
