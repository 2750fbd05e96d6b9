'use strict';

const { decompressed } = require('../deflate/support');
const { show } = require('./bytes');

/** The payload of the ping by which a peer asks whether the connection is still open. */
const PROBE = 'beac';

/** Milliseconds after which a connection that does nothing is said to be silent: that is a fault. */
const PATIENCE = 20_000;

const NAMES = {
  0x0: 'continuation',
  0x1: 'text',
  0x2: 'binary',
  0x8: 'close',
  0x9: 'ping',
  0xa: 'pong'
};

/**
 * Reads what a library sends, and puts it into words:
 *
 * - `text 61`, `pong`, `close 1002`: a frame, its payload in hex;
 * - `compressed text 61`: its RSV1 is set; the payload is what it decompresses to;
 * - `first text 61`, `continuation 61`: frames of a message of several;
 * - `masked`, `unmasked`, `overlong` in front: what no frame of its role may be;
 * - `open`: the ping of the peer was answered, so the connection is open;
 * - `end`: the TCP connection has ended; `silence`: it did neither.
 */
class Observer {
  /**
   * @param {RawClient} peer The connection to the library
   * @param {String} role The library's role
   */
  constructor(peer, role) {
    this.peer = peer;
    this.frames = [];
    this._mustMask = role === 'client';
    this._compressed = [];
    this._isCompressed = false;
  }

  /** What comes next, in words. */
  async next() {
    let timer;
    const silence = new Promise((resolve) => {
      timer = setTimeout(resolve, PATIENCE, 'silence');
    });

    try {
      return await Promise.race([this._next(), silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** All that comes up to the answer to the probe or to the end, in words. */
  async rest() {
    const seen = [];
    let last;

    do {
      last = await this.next();
      seen.push(last);
    } while (!['open', 'end', 'reset', 'silence'].includes(last));
    return seen;
  }

  async _next() {
    let each;

    try {
      each = await this._read();
    } catch (error) {
      return error.code === 'ECONNRESET' ? 'reset' : 'end';
    }

    if (each.first === 0x8a && each.payload.toString() === PROBE) {
      return 'open';
    }
    this.frames.push(each);
    return this._words(each);
  }

  async _read() {
    const { peer } = this;
    const [first, second] = await peer.read(2);
    let length = second & 0x7f;
    let least = 0;

    if (length === 126) {
      length = (await peer.read(2)).readUInt16BE(0);
      least = 126;
    } else if (length === 127) {
      length = Number((await peer.read(8)).readBigUInt64BE(0));
      least = 65_536;
    }

    const key = second & 0x80 ? await peer.read(4) : null;
    const payload = Buffer.from(await peer.read(length));
    for (let i = 0; key !== null && i < length; i++) payload[i] ^= key[i & 3];
    return { first, isOverlong: length < least, key, payload };
  }

  _words({ first, isOverlong, key, payload }) {
    const opcode = first & 0x0f;
    const words = [];

    if (isOverlong) words.push('overlong');
    if ((key !== null) !== this._mustMask) {
      words.push(key === null ? 'unmasked' : 'masked');
    }
    if (first & 0x30) words.push('reserved');
    if (first & 0x40) words.push('compressed');
    if (!(first & 0x80) && opcode !== 0) words.push('first');
    words.push(NAMES[opcode] ?? `opcode ${opcode}`);
    if (!(first & 0x80) && opcode === 0) words.push('unfinished');

    if (opcode === 8 && payload.length >= 2) {
      words.push(payload.readUInt16BE(0), show(payload.subarray(2)));
    } else {
      words.push(show(this._plain(first, payload)));
    }
    return words.filter((word) => word !== '').join(' ');
  }

  /** The payload of a frame, decompressed if it is one of a compressed message. */
  _plain(first, payload) {
    const opcode = first & 0x0f;

    if (opcode > 2) return payload;
    if (opcode !== 0) this._isCompressed = (first & 0x40) !== 0;
    if (!this._isCompressed) return payload;

    const before = this._inflated().length;
    // Of a message that goes on, the end is not removed.
    this._compressed.push({ payload, isLast: (first & 0x80) !== 0 });
    return this._inflated().subarray(before);
  }

  _inflated() {
    const messages = [[]];

    for (const { payload, isLast } of this._compressed) {
      messages.at(-1).push(payload);
      if (isLast) messages.push([]);
    }
    if (messages.at(-1).length === 0) messages.pop();
    return decompressed(...messages.map((each) => Buffer.concat(each)));
  }
}

module.exports = { Observer, PROBE };
