'use strict';

// What client/ says of the opening handshake, once more over a tunnel, a stream that is no socket; see
// contract.test.js.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');
const { dialOver } = require('../support/medium');

compareStreams();
dialOver('tunnel');

for (const topic of [
  'abort',
  'dialling',
  'failures',
  'redirects',
  'request',
  'response-events'
]) {
  suite(`client/${topic}, over a tunnel`, () => {
    require(`../client/${topic}.test.js`);
  });
}
