'use strict';

// The scenarios of client/ once more, dialled over streams that are no sockets, and over TLS where
// their servers are raw ones; see contract.test.js.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');
const { dialOver } = require('../support/medium');

compareStreams();
dialOver('tunnel');

for (const topic of [
  'abort',
  'connected',
  'dialling',
  'errors',
  'failures',
  'frames',
  'life',
  'redirects',
  'request',
  'response-events',
  'stream',
  'traffic'
]) {
  suite(`client/${topic}, over a tunnel`, () => {
    require(`../client/${topic}.test.js`);
  });
}
