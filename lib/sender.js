'use strict';

const binding = require('./binding');
const { OPERATION } = require('./endpoint');

const NO_KEY = Buffer.alloc(0);

/**
 * What other packages use of ws's internal `Sender`: they frame a message once and write it to
 * many connections.
 */
class Sender {
  /**
   * @param {Connection} connection The connection it writes to
   */
  constructor(connection) {
    this._connection = connection;
  }

  /**
   * Frames a payload that is not masked (RFC 6455 §5.2).
   *
   * @param {(Buffer|String)} data The payload
   * @param {Object} options
   * @param {Boolean} [options.fin=false] Whether it is the last frame of its message
   * @param {Number} options.opcode The opcode
   * @param {Boolean} [options.rsv1=false] Whether the RSV1 bit is set
   * @return {(Buffer|String)[]} The header, and the payload unless it is empty
   * @throws {TypeError} If a mask is asked for, which a server does not send
   */
  static frame(data, options) {
    if (options.mask) {
      throw new TypeError('Sender.frame() does not mask');
    }

    const length = Buffer.byteLength(data);
    const header = binding.frameHeader(
      options.opcode,
      Boolean(options.fin),
      Boolean(options.rsv1),
      NO_KEY,
      length
    );

    return length === 0 ? [header] : [header, data];
  }

  /**
   * Writes what `Sender.frame()` returned.
   *
   * @param {(Buffer|String)[]} list One or two pieces
   * @param {Function} [cb] Called when the kernel has taken it, or with an error
   */
  sendFrame(list, cb) {
    const last = list.length - 1;

    for (let i = 0; i <= last; i++) {
      this._connection.write(
        OPERATION.RAW,
        list[i],
        i === last ? cb : undefined
      );
    }
  }
}

module.exports = Sender;
