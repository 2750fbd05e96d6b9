'use strict';

// The scenarios of faults/ and hostile/ once more over streams; see contract.test.js.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');

compareStreams();

for (const topic of [
  'faults/exit',
  'faults/listeners',
  'faults/resets',
  'faults/slow-peers',
  'faults/stopped-peers',
  'hostile/reasons'
]) {
  suite(`${topic}, over streams`, () => {
    require(`../${topic}.test.js`);
  });
}
