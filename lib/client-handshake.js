'use strict';

const binding = require('./binding');
const { extension } = require('./headers');
const { guarded, isInternalError } = require('./internal-error');
const PerMessageDeflate = require('./permessage-deflate');

const acceptKey = guarded(binding.acceptKey);

const SUBPROTOCOL = /^[!#$%&'*+\-.0-9A-Z^_`|a-z~]+$/;

/**
 * Makes the headers of an upgrade request (RFC 6455 §4.1).
 *
 * @param {Object} opts The client's options
 * @param {String} key The value of `Sec-WebSocket-Key`
 * @param {String[]} protocols The subprotocols to offer
 * @param {(PerMessageDeflate|null)} perMessageDeflate The extension to offer, if any
 * @return {Object} The headers
 * @throws {SyntaxError} If a subprotocol is invalid or repeated
 */
function requestHeaders(opts, key, protocols, perMessageDeflate) {
  const headers = {
    'Sec-WebSocket-Version': opts.protocolVersion,
    'Sec-WebSocket-Key': key,
    Connection: 'Upgrade',
    Upgrade: 'websocket'
  };

  if (perMessageDeflate !== null) {
    headers['Sec-WebSocket-Extensions'] = extension.format({
      [PerMessageDeflate.extensionName]: perMessageDeflate.offer()
    });
  }

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
 * @return {(String|Error|null)} The text of the error or the error itself, or null
 */
function responseFault(headers, key, protocols) {
  const { upgrade } = headers;

  if (upgrade === undefined || upgrade.toLowerCase() !== 'websocket') {
    return 'Invalid Upgrade header';
  }

  try {
    if (headers['sec-websocket-accept'] !== acceptKey(key)) {
      return 'Invalid Sec-WebSocket-Accept header';
    }
  } catch (error) {
    return error;
  }

  const protocol = headers['sec-websocket-protocol'];

  if (protocol === undefined) {
    if (protocols.length !== 0) return 'Server sent no subprotocol';
  } else if (protocols.length === 0) {
    return 'Server sent a subprotocol but none was requested';
  } else if (!protocols.includes(protocol)) {
    return 'Server sent an invalid subprotocol';
  }

  return null;
}

/**
 * Takes what a server has accepted of an offer (RFC 6455 §9.1), and says what is wrong with it.
 *
 * @param {String} header The response's `Sec-WebSocket-Extensions`
 * @param {(PerMessageDeflate|null)} perMessageDeflate The extension that was offered, if any
 * @return {(String|Error|null)} The text of the error or the error itself, or null
 */
function extensionsFault(header, perMessageDeflate) {
  if (perMessageDeflate === null) {
    return (
      'Server sent a Sec-WebSocket-Extensions header but no extension ' +
      'was requested'
    );
  }

  const name = PerMessageDeflate.extensionName;

  try {
    const extensions = extension.parse(header);

    if (Object.keys(extensions).join() !== name) {
      return 'Server indicated an extension that was not requested';
    }

    perMessageDeflate.accept(extensions[name]);
    return null;
  } catch (error) {
    if (isInternalError(error)) return error;
    return 'Invalid Sec-WebSocket-Extensions header';
  }
}

module.exports = { extensionsFault, requestHeaders, responseFault };
