'use strict';

// The same once more, with the bytes of Ferrows moved by streams (`transport: 'stream'`).

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');

compareStreams();

suite('large messages, over streams', () => {
  require('./large.test.js');
});
