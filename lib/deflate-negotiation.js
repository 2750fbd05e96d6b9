'use strict';

const { MAX_WINDOW_BITS, MIN_WINDOW_BITS } = require('./deflate-options');

/**
 * Makes the parameters of a client's offer (RFC 7692 §7.1).
 *
 * @param {Object} options The client's options
 * @return {Object} The parameters
 */
function makeOffer(options) {
  const { clientMaxWindowBits = null, serverMaxWindowBits } = options;
  const params = {};

  if (options.serverNoContextTakeover) params.server_no_context_takeover = true;
  if (options.clientNoContextTakeover) params.client_no_context_takeover = true;
  if (serverMaxWindowBits) params.server_max_window_bits = serverMaxWindowBits;

  // Without a value: any window of ours may be asked for.
  if (clientMaxWindowBits === null) params.client_max_window_bits = true;
  else if (clientMaxWindowBits) {
    params.client_max_window_bits = clientMaxWindowBits;
  }

  return params;
}

/**
 * Replaces the values of parameters, which are lists of strings, by what they mean.
 *
 * @param {Object[]} configurations What `extension.parse()` made of a header
 * @param {Boolean} isServer Whether it is a server that has received them
 * @throws {(Error|TypeError)} If a parameter is unknown, repeated or invalid
 */
function readParameters(configurations, isServer) {
  for (const params of configurations) {
    for (const key of Object.keys(params)) {
      // RFC 7692 §7.1: "The negotiation offer contains multiple extension parameters with the same
      // name."
      if (params[key].length > 1) {
        throw new Error(`Parameter "${key}" must have only a single value`);
      }

      params[key] = readParameter(key, params[key][0], isServer);
    }
  }
}

function readParameter(key, value, isServer) {
  switch (key) {
    case 'client_no_context_takeover':
    case 'server_no_context_takeover':
      if (value !== true) throw invalidValue(key, value);
      return true;
    case 'client_max_window_bits':
      // §7.1.2.2: only in an offer it may be without a value.
      if (value === true && isServer) return true;
      return readWindowBits(key, value);
    case 'server_max_window_bits':
      return readWindowBits(key, value);
    default:
      throw new Error(`Unknown parameter "${key}"`);
  }
}

function readWindowBits(key, value) {
  const bits = Number(value);

  if (
    !Number.isInteger(bits) ||
    bits < MIN_WINDOW_BITS ||
    bits > MAX_WINDOW_BITS
  ) {
    throw invalidValue(key, value);
  }

  return bits;
}

function invalidValue(key, value) {
  return new TypeError(`Invalid value for parameter "${key}": ${value}`);
}

/**
 * Chooses the first offer that the options allow, and makes the response of it.
 *
 * @param {Object[]} offers The offers, read; the one that is chosen is changed
 * @param {Object} options The server's options
 * @return {Object} The parameters of the response
 * @throws {Error} If no offer is acceptable
 */
function acceptOffer(offers, options) {
  const params = offers.find((offer) => isAcceptable(offer, options));

  if (params === undefined) {
    throw new Error('None of the extension offers can be accepted');
  }

  const { clientMaxWindowBits, serverMaxWindowBits } = options;

  if (options.serverNoContextTakeover) params.server_no_context_takeover = true;
  if (options.clientNoContextTakeover) params.client_no_context_takeover = true;
  if (typeof serverMaxWindowBits === 'number') {
    params.server_max_window_bits = serverMaxWindowBits;
  }
  if (typeof clientMaxWindowBits === 'number') {
    params.client_max_window_bits = clientMaxWindowBits;
  } else if (
    clientMaxWindowBits === false ||
    params.client_max_window_bits === true
  ) {
    delete params.client_max_window_bits;
  }

  return params;
}

function isAcceptable(offer, options) {
  const { clientMaxWindowBits, serverMaxWindowBits } = options;
  const asked = offer.server_max_window_bits;
  const possible = offer.client_max_window_bits;

  if (
    offer.server_no_context_takeover &&
    options.serverNoContextTakeover === false
  ) {
    return false;
  }

  if (asked) {
    if (serverMaxWindowBits === false) return false;
    if (
      typeof serverMaxWindowBits === 'number' &&
      asked < serverMaxWindowBits
    ) {
      return false;
    }
  }

  if (typeof clientMaxWindowBits !== 'number') return true;
  // §7.1.2.2: without the parameter in the offer the client cannot be told to use a smaller window.
  return possible === true || possible >= clientMaxWindowBits;
}

/**
 * Accepts a server's response.
 *
 * @param {Object} params The response's parameters, read; they are completed
 * @param {Object} options The client's options
 * @return {Object} The parameters
 * @throws {Error} If it is not what was offered
 */
function acceptResponse(params, options) {
  const { clientMaxWindowBits } = options;
  const bits = params.client_max_window_bits;

  if (
    params.client_no_context_takeover &&
    options.clientNoContextTakeover === false
  ) {
    throw new Error('Unexpected parameter "client_no_context_takeover"');
  }

  if (!bits) {
    if (typeof clientMaxWindowBits === 'number') {
      params.client_max_window_bits = clientMaxWindowBits;
    }
  } else if (
    clientMaxWindowBits === false ||
    (typeof clientMaxWindowBits === 'number' && bits > clientMaxWindowBits)
  ) {
    throw new Error('Unexpected or invalid parameter "client_max_window_bits"');
  }

  return params;
}

/**
 * Says how many bytes the first frame of a message must have for the message to be compressed. The
 * threshold is for contexts that are not kept: with one, small messages compress well, too.
 *
 * @param {PerMessageDeflate} perMessageDeflate What was agreed on; ws's class will do
 * @return {Number} Bytes; 0: all messages are compressed
 */
function leastLength({ params, _isServer, _threshold }) {
  const isForgotten = _isServer
    ? params.server_no_context_takeover
    : params.client_no_context_takeover;

  return isForgotten ? _threshold : 0;
}

module.exports = {
  acceptOffer,
  acceptResponse,
  leastLength,
  makeOffer,
  readParameters
};
