'use strict';

const { optionOfWrongType, optionOutOfRange } = require('./errors');

/** Milliseconds that Node.js's timers can wait. */
const MOST = 2 ** 31 - 1;

/**
 * Checks the option `handshakeTimeout` of a server.
 *
 * @param {*} value The option
 * @return {Number} Milliseconds; 0: any time
 * @throws {(TypeError|RangeError)} If it is not a number >= 0
 */
function readHandshakeTimeout(value) {
  if (value === undefined || value === null || value === Infinity) return 0;
  if (typeof value !== 'number') {
    throw optionOfWrongType('handshakeTimeout', 'a number', value);
  }
  if (!(value >= 0)) throw optionOutOfRange('handshakeTimeout', '>= 0', value);
  return Math.min(Math.ceil(value), MOST);
}

/**
 * Asks the option `verifyClient` whether a request is accepted.
 *
 * @param {Object} options The options of the server
 * @param {http.IncomingMessage} req The request
 * @param {Duplex} socket Its socket
 * @param {Number} version The version of the protocol
 * @param {Function} answer Called with what `verifyClient` says, true if there is none
 * @param {Function} onTimeout Called instead if it takes longer than `handshakeTimeout`
 */
function verify(options, req, socket, version, answer, onTimeout) {
  const { verifyClient } = options;

  if (!verifyClient) {
    answer(true);
    return;
  }

  const info = {
    origin: req.headers[version === 8 ? 'sec-websocket-origin' : 'origin'],
    secure: !!(req.socket.authorized || req.socket.encrypted),
    req
  };

  if (verifyClient.length === 2) {
    const timeout = readHandshakeTimeout(options.handshakeTimeout);
    const callback = withDeadline(socket, timeout, answer, onTimeout);
    options.verifyClient(info, callback);
  } else {
    answer(options.verifyClient(info));
  }
}

/**
 * Gives an answer a deadline.
 *
 * @param {Duplex} socket The socket of the request; once it is closed there is no deadline
 * @param {Number} timeout Milliseconds; 0: any time
 * @param {Function} answer Called with the answer, unless that comes too late
 * @param {Function} onTimeout Called if it does not come in time
 * @return {Function} Takes the answer
 */
function withDeadline(socket, timeout, answer, onTimeout) {
  if (timeout === 0) return answer;

  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.removeListener('close', stop);
    onTimeout();
  }, timeout);
  const stop = () => clearTimeout(timer);

  socket.once('close', stop);

  return (...args) => {
    if (isLate) return;
    stop();
    socket.removeListener('close', stop);
    answer(...args);
  };
}

module.exports = { readHandshakeTimeout, verify };
