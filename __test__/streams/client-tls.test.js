'use strict';

// The scenarios of client/ of raw servers once more over TLS; see contract.test.js.

const { suite } = require('node:test');

const { dialOver } = require('../support/medium');

dialOver('tls');

for (const topic of ['abort', 'connected', 'errors', 'failures', 'frames']) {
  suite(`client/${topic}, over TLS`, () => {
    require(`../client/${topic}.test.js`);
  });
}
