'use strict';

const binding = require('./binding');

const SUBPROTOCOL = /^[!#$%&'*+\-.0-9A-Z^_`|a-z~]+$/;

/**
 * Makes the headers of an upgrade request (RFC 6455 §4.1).
 *
 * @param {Object} opts The client's options
 * @param {String} key The value of `Sec-WebSocket-Key`
 * @param {String[]} protocols The subprotocols to offer
 * @return {Object} The headers
 * @throws {SyntaxError} If a subprotocol is invalid or repeated
 */
function requestHeaders(opts, key, protocols) {
  const headers = {
    'Sec-WebSocket-Version': opts.protocolVersion,
    'Sec-WebSocket-Key': key,
    Connection: 'Upgrade',
    Upgrade: 'websocket'
  };

  if (protocols.length !== 0) {
    const isValid = (protocol) =>
      typeof protocol === 'string' && SUBPROTOCOL.test(protocol);

    if (
      !protocols.every(isValid) ||
      new Set(protocols).size !== protocols.length
    ) {
      throw new SyntaxError(
        'An invalid or duplicated subprotocol was specified'
      );
    }

    headers['Sec-WebSocket-Protocol'] = protocols.join(',');
  }

  if (opts.origin) {
    // Version 8 is that of an earlier draft.
    const name = opts.protocolVersion < 13 ? 'Sec-WebSocket-Origin' : 'Origin';
    headers[name] = opts.origin;
  }

  return headers;
}

/**
 * Says what is wrong with the response to an upgrade request (RFC 6455 §4.1).
 *
 * @param {Object} headers The response's headers
 * @param {String} key The key that was sent
 * @param {String[]} protocols The subprotocols that were offered
 * @return {(String|null)} The text of the error, or null
 */
function responseFault(headers, key, protocols) {
  const { upgrade } = headers;

  if (upgrade === undefined || upgrade.toLowerCase() !== 'websocket') {
    return 'Invalid Upgrade header';
  }

  if (headers['sec-websocket-accept'] !== binding.acceptKey(key)) {
    return 'Invalid Sec-WebSocket-Accept header';
  }

  const protocol = headers['sec-websocket-protocol'];

  if (protocol === undefined) {
    if (protocols.length !== 0) return 'Server sent no subprotocol';
  } else if (protocols.length === 0) {
    return 'Server sent a subprotocol but none was requested';
  } else if (!protocols.includes(protocol)) {
    return 'Server sent an invalid subprotocol';
  }

  if (headers['sec-websocket-extensions'] !== undefined) {
    return (
      'Server sent a Sec-WebSocket-Extensions header but no extension ' +
      'was requested'
    );
  }

  return null;
}

module.exports = { requestHeaders, responseFault };
