'use strict';

const { getSystemErrorName } = require('util');

/** The status code of the close frame that answers an error. */
const kStatusCode = Symbol('kStatusCode');

/** What a write fails by when its stream was destroyed, as Node.js says it. */
function destroyedError() {
  const error = new Error('Cannot call write after a stream was destroyed');
  error.code = 'ERR_STREAM_DESTROYED';
  return error;
}

module.exports = {
  destroyedError,
  kStatusCode,

  /**
   * Makes the error for an option of another type than it must have.
   *
   * @param {String} name The option
   * @param {String} expected What it must be
   * @param {*} value What it is
   * @return {TypeError} The error
   */
  optionOfWrongType(name, expected, value) {
    const error = new TypeError(
      `The option "${name}" must be ${expected}. ` +
        `Received ${typeof value === 'object' ? 'an object' : String(value)}`
    );
    error.code = 'ERR_INVALID_ARG_TYPE';
    return error;
  },

  /**
   * Makes the error for an option that is too large, too small, or none of a few values.
   *
   * @param {String} name The option
   * @param {String} range What it must be
   * @param {*} value What it is
   * @return {RangeError} The error
   */
  optionOutOfRange(name, range, value) {
    const error = new RangeError(
      `The option "${name}" must be ${range}. Received ${value}`
    );
    error.code = 'ERR_OUT_OF_RANGE';
    return error;
  },

  /**
   * Makes the `Error` that Node.js makes for a failed system call.
   *
   * @param {String} syscall The call
   * @param {Number} errno A positive error number
   * @return {Error} The error
   */
  systemError(syscall, errno) {
    let code = 'EIO';

    try {
      code = getSystemErrorName(-errno);
    } catch {
      // A number that libuv has no name for.
    }

    const error = new Error(`${syscall} ${code}`);
    error.errno = -errno;
    error.code = code;
    error.syscall = syscall;
    return error;
  },

  /**
   * Makes the `Error` that a peer has earned by breaking the protocol.
   *
   * @param {Object} facts What the native side says of it
   * @return {(Error|RangeError)} The error
   */
  protocolError(facts) {
    const Class = facts.isRangeError ? RangeError : Error;
    const error = new Class(facts.message);
    // zlib's errors have a number.
    if (facts.code.startsWith('Z_')) {
      // Loaded for it: it is rare.
      error.errno = require('zlib').constants[facts.code];
    }
    error.code = facts.code;
    error[kStatusCode] = facts.closeCode;
    return error;
  }
};
