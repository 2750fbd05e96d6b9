'use strict';

// The scenarios of the other areas, to be run once more where bytes are moved by
// streams, with the same expectation: ws.
//
// Not here: websocket/properties and server/exports, which look at the classes
// themselves, and what refuses requests. socket.test.js, runtime.test.js and
// client.test.js do the same for those areas.

const { suite } = require('node:test');

const AREAS = {
  protocol: ['errors', 'limits', 'uncaught', 'utf8'],
  server: [
    'close',
    'events',
    'response',
    'upgrade',
    'upgrade-again',
    'verify-client'
  ],
  websocket: [
    'abnormal-close',
    'binary-type',
    'buffered-amount',
    'callbacks',
    'close',
    'event-target',
    'kept-messages',
    'messages',
    'odd-payloads',
    'pause',
    'ping-pong',
    'ready-state',
    'send',
    'send-buffers',
    'synchronous-events'
  ]
};

/**
 * Has the scenarios run in this process.
 *
 * @param {String} how What is different, for the titles
 */
function runScenarios(how) {
  for (const [area, topics] of Object.entries(AREAS)) {
    for (const topic of topics) {
      suite(`${area}/${topic}, ${how}`, () => {
        require(`../${area}/${topic}.test.js`);
      });
    }
  }
}

module.exports = { runScenarios };
