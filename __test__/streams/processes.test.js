'use strict';

// The scenarios of runtime/ that are about processes and threads, once more over streams (churn is over
// them anyway); see
// contract.test.js.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');

compareStreams();

for (const topic of [
  'cluster',
  'descriptors',
  'ending',
  'last-words',
  'worker'
]) {
  suite(`runtime/${topic}, over streams`, () => {
    require(`../runtime/${topic}.test.js`);
  });
}
