'use strict';

const { randomFillSync } = require('crypto');

const binding = require('./binding');
const { OPERATION } = require('./numbers');

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
   * Frames a payload (RFC 6455 §5.2).
   *
   * @param {(Buffer|String)} data The payload; it is not changed
   * @param {Object} options
   * @param {Boolean} [options.fin=false] Whether it is the last frame of its message
   * @param {Function} [options.generateMask] Fills a `Buffer` of four bytes with the masking key;
   *     by default it is random
   * @param {Boolean} [options.mask=false] Whether it is masked
   * @param {Number} options.opcode The opcode
   * @param {Boolean} [options.rsv1=false] Whether the RSV1 bit is set
   * @return {(Buffer|String)[]} The header, and the payload unless it is empty
   */
  static frame(data, options) {
    let payload = data;
    let key = NO_KEY;

    if (options.mask) {
      key = Buffer.alloc(4);
      (options.generateMask ?? randomFillSync)(key);
      payload = Buffer.from(data);
      binding.applyMask(payload, key);
    }

    const length = Buffer.byteLength(payload);
    const header = binding.frameHeader(
      options.opcode,
      Boolean(options.fin),
      Boolean(options.rsv1),
      key,
      length
    );

    return length === 0 ? [header] : [header, payload];
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
