'use strict';

const { Buffer } = require('buffer');

const FastBuffer = Buffer[Symbol.species];

/** Bytes of one slab, as of Node.js's own pool. */
const SLAB_SIZE = 8 * 1024;

/** Payloads beyond this many bytes get memory of their own. */
const LARGEST_SHARED = SLAB_SIZE >>> 1;

/** Loaded for the first inbox, as a process that has no connection needs none of it. */
let markAsUntransferable = null;

/** Memory that several messages share: like Node.js's own pool, it cannot be transferred. */
function makeSlab() {
  const memory = new ArrayBuffer(SLAB_SIZE);
  markAsUntransferable(memory);
  return new FastBuffer(memory);
}

/**
 * Copies payloads out of the inbox, whose memory the next batch overwrites.
 *
 * Small payloads of one batch lie close together, so they are copied in one go: a *window* of the
 * arena moves to a slab, and each payload is a view of it. A slab is never written twice in the
 * same place, so what a user keeps stays as it is; and what it keeps alive is one slab.
 */
class Inbox {
  /**
   * @param {Uint8Array} arena The inbox's memory
   */
  constructor(arena) {
    ({ markAsUntransferable } = require('worker_threads'));
    this._arena = arena;
    this._slab = makeSlab();
    this._slabUsed = 0;
    // Bytes [start, end) of the arena are at [start + shift, …) of the slab.
    this._start = 0;
    this._end = 0;
    this._shift = 0;
    this._used = 0;
  }

  /**
   * A new batch is there.
   *
   * @param {Number} used Bytes of the arena that are in use
   */
  begin(used) {
    this._start = this._end = this._shift = 0;
    this._used = used;
  }

  /**
   * Returns a payload as a `Buffer` that is the caller's.
   *
   * @param {Number} offset Where it is in the arena
   * @param {Number} length Its length in bytes
   * @return {Buffer} The payload
   */
  take(offset, length) {
    // One that is empty when it is decompressed lies behind what is in use.
    if (length === 0) return new FastBuffer();

    if (
      offset < this._start ||
      offset + length > this._end ||
      this._slab.length === 0
    ) {
      if (length > LARGEST_SHARED) {
        const buffer = Buffer.allocUnsafeSlow(length);
        buffer.set(this._arena.subarray(offset, offset + length));
        return buffer;
      }

      this._move(offset, length);
    }

    return new FastBuffer(this._slab.buffer, offset + this._shift, length);
  }

  /** Makes a window that begins at `offset` and holds at least `length` bytes. */
  _move(offset, length) {
    // A user can still detach it, by `ArrayBuffer.prototype.transfer()`; then it has no length.
    if (
      this._slab.length === 0 ||
      this._slabUsed + length > this._slab.length
    ) {
      this._slab = makeSlab();
      this._slabUsed = 0;
    }

    const end = Math.min(this._used, offset + SLAB_SIZE - this._slabUsed);
    this._slab.set(this._arena.subarray(offset, end), this._slabUsed);
    this._start = offset;
    this._end = end;
    this._shift = this._slabUsed - offset;
    // Views of typed arrays that users make want to be aligned.
    this._slabUsed = (this._slabUsed + end - offset + 7) & ~7;
  }
}

module.exports = Inbox;
