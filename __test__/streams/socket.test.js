'use strict';

// The scenarios of socket/ once more over streams; see contract.test.js. Not here: socket/memory, as
// a stream connection keeps its socket.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');

compareStreams();

for (const topic of [
  'after-attack',
  'events',
  'leaks',
  'life',
  'names',
  'timeout',
  'writes'
]) {
  suite(`socket/${topic}, over streams`, () => {
    require(`../socket/${topic}.test.js`);
  });
}
