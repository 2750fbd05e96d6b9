'use strict';

// The same once more, with the bytes of Ferrows moved by streams (`transport: 'stream'`).

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');

compareStreams();

for (const topic of ['receiving', 'refusing', 'sending', 'ending']) {
  suite(`${topic}, over streams`, () => {
    require(`./${topic}.test.js`);
  });
}
