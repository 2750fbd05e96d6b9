'use strict';

// The scenarios of the other areas, to be run once more where bytes are moved by
// streams, with the same expectation: ws.
//
// Not here: websocket/properties and server/exports, which look at the classes
// themselves, and socket/, which is about sockets that were taken over.

const { suite } = require('node:test');

const AREAS = {
  protocol: ['errors', 'limits', 'utf8'],
  server: ['close', 'events', 'response', 'upgrade', 'verify-client'],
  websocket: [
    'abnormal-close',
    'binary-type',
    'buffered-amount',
    'callbacks',
    'close',
    'event-target',
    'messages',
    'pause',
    'ping-pong',
    'ready-state',
    'send',
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
