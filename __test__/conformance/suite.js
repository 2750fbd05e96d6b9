'use strict';

const assert = require('node:assert');
const { after, before, test } = require('node:test');

const cases = require('./cases');
const { Subject, SUBJECTS } = require('./subject');
const { judge, known, title } = require('./verdict');

/**
 * Tests all cases of an RFC: on ws, on Ferrows, and on Ferrows with `transport: 'stream'`. The
 * verdicts are those that are written down, so that a library that becomes better is noticed, too.
 *
 * @param {String} rfc Its number
 */
function testCases(rfc) {
  const subjects = {};

  before(() => {
    for (const name of Object.keys(SUBJECTS)) {
      subjects[name] = new Subject(name);
    }
  });
  after(() => {
    for (const subject of Object.values(subjects)) subject.close();
  });

  for (const each of cases.filter((one) => one.rfc === rfc)) {
    test(title(each), async () => {
      for (const [name, column] of Object.entries(SUBJECTS)) {
        const seen = await subjects[name].observe(each);
        const { verdict } = known(each, column);
        assert.strictEqual(judge(each, seen), verdict, `${name}: ${seen}`);
      }
    });
  }
}

module.exports = { testCases };
