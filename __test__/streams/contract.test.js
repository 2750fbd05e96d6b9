'use strict';

// The scenarios of the other areas once more, with the bytes of Ferrows moved by
// streams (`transport: 'stream'`) and the same expectation: ws.
//
// Not here: websocket/properties and server/exports, which look at the classes
// themselves, and what refuses requests. socket.test.js, runtime.test.js and
// client.test.js do the same for those areas.

const { suite } = require('node:test');

const { compareStreams } = require('../support/contract');

const AREAS = {
  protocol: ['errors', 'limits', 'uncaught', 'utf8'],
  server: ['close', 'events', 'response', 'upgrade', 'verify-client'],
  websocket: [
    'abnormal-close',
    'binary-type',
    'buffered-amount',
    'callbacks',
    'close',
    'event-target',
    'kept-messages',
    'messages',
    'pause',
    'ping-pong',
    'ready-state',
    'send',
    'send-buffers',
    'synchronous-events'
  ]
};

compareStreams();

for (const [area, topics] of Object.entries(AREAS)) {
  for (const topic of topics) {
    suite(`${area}/${topic}, over streams`, () => {
      require(`../${area}/${topic}.test.js`);
    });
  }
}
