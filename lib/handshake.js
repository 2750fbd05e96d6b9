'use strict';

/** Seconds after which a client that found no room may try again. Nobody knows when there is some. */
const RETRY_AFTER = 10;

/**
 * Refuses an upgrade request with an HTTP response, and closes its socket.
 *
 * @param {Duplex} socket The socket of the request
 * @param {Number} code The status code
 * @param {String} [message] The body; by default the status text
 * @param {Object} [headers] More headers
 */
function abortHandshake(socket, code, message, headers) {
  // Loaded for it: whoever has the request has loaded it before.
  const { STATUS_CODES } = require('http');
  message = message || STATUS_CODES[code];
  headers = {
    Connection: 'close',
    'Content-Type': 'text/html',
    'Content-Length': Buffer.byteLength(message),
    ...headers
  };

  const lines = Object.keys(headers).map((name) => `${name}: ${headers[name]}`);

  socket.once('finish', socket.destroy);
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code]}\r\n${lines.join('\r\n')}\r\n\r\n${message}`
  );
}

/**
 * Lets the listeners of `'wsClientError'` deal with a bad request, or refuses it if there are none.
 *
 * @param {WebSocketServer} server The server
 * @param {http.IncomingMessage} req The request
 * @param {Duplex} socket Its socket
 * @param {Number} code The status code
 * @param {String} message The text
 * @param {Object} [headers] More headers
 */
function rejectRequest(server, req, socket, code, message, headers) {
  if (server.listenerCount('wsClientError')) {
    const err = new Error(message);
    Error.captureStackTrace(err, rejectRequest);
    server.emit('wsClientError', err, socket, req);
  } else {
    abortHandshake(socket, code, message, headers);
  }
}

/**
 * Refuses an upgrade request that is good, but that the server has no room or no time for.
 *
 * @param {Duplex} socket The socket of the request
 */
function refuseForNow(socket) {
  abortHandshake(socket, 503, undefined, { 'Retry-After': RETRY_AFTER });
}

/**
 * The listener for errors of a socket that is not upgraded yet.
 *
 * @this {Duplex}
 */
function socketOnError() {
  this.destroy();
}

module.exports = {
  abortHandshake,
  refuseForNow,
  rejectRequest,
  socketOnError
};
