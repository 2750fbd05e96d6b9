'use strict';

const { turns } = require('../support/session');

/**
 * Makes a `Receiver` that logs all its events with their arguments; an error with the status codes
 * on it, which are behind a symbol.
 *
 * @param {Object} scenario What `contract()` gives a scenario: `{ lib, log }`
 * @param {Object} [options] Options of the receiver
 * @return {Receiver} The receiver
 */
function makeReceiver({ lib, log }, options) {
  const receiver = new lib.Receiver(options);

  for (const event of ['message', 'ping', 'pong', 'conclude']) {
    receiver.on(event, (...args) => log(event, ...args));
  }
  for (const event of ['drain', 'finish', 'close']) {
    receiver.on(event, () => log(event));
  }
  receiver.on('error', (error) => log('error', error, statusOf(error)));
  return receiver;
}

/** The values behind the symbols of an error that are numbers. */
function statusOf(error) {
  return Object.getOwnPropertySymbols(error)
    .map((symbol) => error[symbol])
    .filter((value) => typeof value === 'number');
}

/**
 * Writes chunks to a receiver, each when the one before is done with.
 *
 * @param {Object} scenario What `contract()` gives a scenario: `{ lib, log }`
 * @param {Object} options Options of the receiver
 * @param {(Buffer|String)[]} chunks The chunks; strings are hex, and may have blanks
 */
async function receive(scenario, options, chunks) {
  const receiver = makeReceiver(scenario, options);

  for (const chunk of chunks) {
    await new Promise((resolve) => {
      receiver.write(bytes(chunk), (err) => {
        if (err) scenario.log('not written', err);
        resolve();
      });
    });
  }
  await turns(2);
}

/** Copies the bytes of a chunk, as a receiver unmasks what it is given. */
function bytes(chunk) {
  return typeof chunk === 'string'
    ? Buffer.from(chunk.replace(/\s/g, ''), 'hex')
    : Buffer.from(chunk);
}

module.exports = { bytes, makeReceiver, receive, statusOf };
