'use strict';

// What client/ says of open connections, once more over a tunnel, a stream that is no socket; see
// contract.test.js. Its opening handshakes are in client-handshake.test.js.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');
const { dialOver } = require('../support/medium');

compareStreams();
dialOver('tunnel');

for (const topic of [
  'connected',
  'errors',
  'frames',
  'life',
  'stream',
  'traffic'
]) {
  suite(`client/${topic}, over a tunnel`, () => {
    require(`../client/${topic}.test.js`);
  });
}
