'use strict';

// The scenarios of runtime/ once more over streams, but for those that processes.test.js has; see
// contract.test.js.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');

compareStreams();

for (const topic of [
  'batches',
  'context',
  'environments',
  'fairness',
  'fake-timers',
  'pause',
  'segments',
  'throwing',
  'urgent'
]) {
  suite(`runtime/${topic}, over streams`, () => {
    require(`../runtime/${topic}.test.js`);
  });
}
