'use strict';

// The scenarios of runtime/ once more over streams; see contract.test.js.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');

compareStreams();

for (const topic of [
  'batches',
  'churn',
  'cluster',
  'context',
  'descriptors',
  'ending',
  'environments',
  'fairness',
  'fake-timers',
  'last-words',
  'pause',
  'segments',
  'throwing',
  'urgent',
  'worker'
]) {
  suite(`runtime/${topic}, over streams`, () => {
    require(`../runtime/${topic}.test.js`);
  });
}
