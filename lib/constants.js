'use strict';

module.exports = {
  /** Values of `binaryType`. */
  BINARY_TYPES: ['nodebuffer', 'arraybuffer', 'fragments', 'blob'],
  EMPTY_BUFFER: Buffer.alloc(0),
  /** Marks a listener that was set through an `on<event>` attribute. */
  kForOnEventAttribute: Symbol('kForOnEventAttribute'),
  /** The handler behind a listener that `addEventListener` made. */
  kListener: Symbol('kListener'),
  READY_STATES: ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']
};
