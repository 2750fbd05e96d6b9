'use strict';

const binding = require('./binding');
const { guarded, isInternalError } = require('./internal-error');

const formatExtensions = guarded(binding.formatExtensions);
const parseExtensions = guarded(binding.parseExtensions);
const parseSubprotocols = guarded(binding.parseSubprotocols);

/** Has the text of a native parser's error thrown as the `SyntaxError` that it is. */
function parsed(parser, header) {
  try {
    return parser(header);
  } catch (error) {
    if (isInternalError(error)) throw error;
    throw new SyntaxError(error.message);
  }
}

const subprotocol = {
  /**
   * Parses a `Sec-WebSocket-Protocol` header.
   *
   * @param {String} header The header's value
   * @return {Set<String>} The subprotocols, in their order
   * @throws {SyntaxError} If it is malformed or names one twice
   */
  parse(header) {
    return new Set(parsed(parseSubprotocols, header));
  }
};

const extension = {
  /**
   * Parses a `Sec-WebSocket-Extensions` header (RFC 6455 §9.1).
   *
   * @param {String} header The header's value
   * @return {Object<String, Object<String, (String|true)[]>[]>} For each extension its offers, and
   *     in each for each parameter its values; neither object has a prototype
   * @throws {SyntaxError} If it is malformed
   */
  parse(header) {
    const extensions = Object.create(null);

    for (const { name, params } of parsed(parseExtensions, header)) {
      const offer = Object.create(null);
      for (const { name, value } of params) {
        (offer[name] ??= []).push(value ?? true);
      }
      (extensions[name] ??= []).push(offer);
    }

    return extensions;
  },

  /**
   * Makes the value of a `Sec-WebSocket-Extensions` header; the reverse of `parse()`.
   *
   * @param {Object} extensions For each extension one offer or several, in each for each parameter
   *     one value or several
   * @return {String} The header's value
   */
  format(extensions) {
    const offers = [];

    for (const [name, configurations] of Object.entries(extensions)) {
      for (const params of [configurations].flat()) {
        const offer = { name, params: [] };

        for (const [key, values] of Object.entries(params)) {
          for (const value of [values].flat()) {
            const given = value === true ? undefined : String(value);
            offer.params.push({ name: key, value: given });
          }
        }

        offers.push(offer);
      }
    }

    return formatExtensions(offers);
  }
};

module.exports = { extension, subprotocol };
