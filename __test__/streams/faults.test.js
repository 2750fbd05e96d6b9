'use strict';

// The scenarios of faults/ and hostile/ once more over streams; see contract.test.js.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');

compareStreams();

for (const topic of ['faults/resets']) {
  suite(`${topic}, over streams`, () => {
    require(`../${topic}.test.js`);
  });
}
