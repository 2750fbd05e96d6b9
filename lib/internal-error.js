'use strict';

const { kStatusCode } = require('./errors');

/** The code of an exception that a panic of the native side has become; others have others. */
const PANIC = 'GenericFailure';

const internalErrors = new WeakSet();

/**
 * Makes of a function of the native side one whose panics are exceptions that
 * `isInternalError()` knows.
 *
 * @param {Function} native The function
 * @return {Function} The same, guarded
 */
function guarded(native) {
  return (...args) => {
    try {
      return native(...args);
    } catch (error) {
      throw error.code === PANIC ? internalError(error) : error;
    }
  };
}

/**
 * Whether an error was caused by a bug of Ferrows, and not by what somebody passed or sent.
 *
 * @param {*} error The error
 * @return {Boolean} Whether it was
 */
function isInternalError(error) {
  return internalErrors.has(error);
}

function internalError(cause) {
  const error = new Error('Internal error: this connection cannot go on', {
    cause
  });
  error.code = 'FERROWS_ERR_INTERNAL';
  // "a server is terminating the connection because it encountered an unexpected condition"
  // (RFC 6455 §7.4.1).
  error[kStatusCode] = 1011;
  internalErrors.add(error);
  return error;
}

module.exports = { guarded, isInternalError };
