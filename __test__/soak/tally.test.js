'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { body, KIND, make, parse } = require('../../soak/message');
const { Answers, Sequence, Tally } = require('../../soak/tally');

/** What a tally has counted. */
function counts(use) {
  const tally = new Tally();
  use(tally);
  const { notes, ...rest } = tally;
  return Object.fromEntries(
    Object.entries(rest).filter(([, count]) => count > 0)
  );
}

/** What is counted when these numbers arrive. */
function ofSequence(numbers, total) {
  return counts((tally) => {
    const sequence = new Sequence(tally, 'a sequence');
    for (const number of numbers) sequence.arrived(number);
    sequence.ended(total);
  });
}

/** What is counted when these answers arrive to 0, 1, 2 and 3. */
function ofAnswers(answers) {
  return counts((tally) => {
    const expected = new Answers(tally, 'answers');
    for (let i = 0; i < 4; i++) expected.expect(i);
    for (const answer of answers) expected.arrived(answer);
    expected.ended();
  });
}

test('a sequence without gaps is no finding', () => {
  assert.deepStrictEqual(ofSequence([0, 1, 2]), {});
  assert.deepStrictEqual(ofSequence([0, 1, 2], 3), {});
});

test('a gap in a sequence is lost unless it is filled, which is reordered', () => {
  assert.deepStrictEqual(ofSequence([0, 2, 5]), { lost: 3 });
  assert.deepStrictEqual(ofSequence([0, 2, 1, 3]), { reordered: 1 });
});

test('the end of a sequence is lost if more were sent', () => {
  assert.deepStrictEqual(ofSequence([0, 1], 4), { lost: 2 });
});

test('what arrives twice is doubled', () => {
  assert.deepStrictEqual(ofSequence([0, 1, 1, 2, 0]), { doubled: 2 });
  assert.deepStrictEqual(ofSequence([0, 1, 2], 2), { doubled: 1 });
});

test('answers have the order of what they answer', () => {
  assert.deepStrictEqual(ofAnswers([0, 1, 2, 3]), {});
  assert.deepStrictEqual(ofAnswers([0, 2, 3]), { lost: 1 });
  assert.deepStrictEqual(ofAnswers([0, 1]), { lost: 2 });
  assert.deepStrictEqual(ofAnswers([0, 2, 1, 3]), { reordered: 1 });
  assert.deepStrictEqual(ofAnswers([0, 1, 1, 2, 3]), { doubled: 1 });
});

test('a message is intact unless a byte of it is another', () => {
  const message = make(KIND.ECHO, 42, body(100, false));
  const expected = { kind: 'E', number: 42, intact: true };
  assert.deepStrictEqual(parse(message), expected);

  for (let i = 0; i < message.length; i++) {
    const other = Buffer.from(message);
    other[i] ^= 1;
    // The blank behind the checksum says nothing.
    assert.strictEqual(parse(other).intact, i === 19, `byte ${i}`);
  }
});

test('a body of text is valid UTF-8 wherever it is cut', () => {
  for (let i = 0; i < 1000; i++) {
    const bytes = body(i, true);
    assert.deepStrictEqual(Buffer.from(bytes.toString()), bytes);
  }
});
