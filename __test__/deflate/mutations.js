'use strict';

const zlib = require('node:zlib');

const { noise, SYNC, words } = require('./support');

/** Numbers that look random, the same for the same seed. */
class Dice {
  constructor(seed) {
    this._state = seed;
  }

  /** A number from 0 up to but not including `limit`. */
  below(limit) {
    let state = (this._state + 0x9e3779b9) | 0;
    this._state = state;
    state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    return ((state ^ (state >>> 16)) >>> 0) % limit;
  }
}

/** Bytes of some kind: text, noise, one byte, a short period, numbers, and all of them mixed. */
function kinds(dice, length) {
  const seed = 1 + dice.below(1e6);

  switch (dice.below(6)) {
    case 0:
      return Buffer.from(words(length, 1 + (seed % 50)));
    case 1:
      return noise(length, seed);
    case 2:
      return Buffer.alloc(length, seed);
    case 3:
      return Buffer.alloc(length, noise(1 + dice.below(300), seed));
    case 4:
      // Few values, with no order in them.
      return noise(length, seed).map((byte) => byte & 7);
    default: {
      const first = dice.below(length + 1);
      const rest = length - first;
      return rest < 4
        ? noise(length, seed)
        : Buffer.concat([kinds(dice, first), kinds(dice, rest)]);
    }
  }
}

/** Valid messages, each with a name: `[name, payload][]`. */
function streams() {
  const dice = new Dice(7);
  const all = [];

  for (const length of [0, 1, 5, 40, 300, 2000, 20_000]) {
    for (let level = 0; level <= 9; level++) {
      const strategy = dice.below(5);
      const memLevel = 1 + dice.below(9);
      const windowBits = 9 + dice.below(7);
      const options = { level, memLevel, strategy, windowBits };
      const data = kinds(dice, length);
      const stream = zlib.deflateRawSync(data, { ...options, ...SYNC });
      const name = `${length} bytes, ${JSON.stringify(options)}`;

      all.push([name, stream.subarray(0, -4)]);
      // With a block that says it is the last, RFC 7692 §7.2.3.4.
      const final = zlib.deflateRawSync(data, options);
      all.push([`${name}, final`, Buffer.concat([final, Buffer.alloc(1)])]);
      // In several blocks: stored, fixed and dynamic.
      all.push([
        `${name}, twice`,
        Buffer.concat([stream, stream]).subarray(0, -4)
      ]);
    }
  }
  return all;
}

/** A copy that was damaged in one to three ways. `other` is a stream to take pieces of. */
function damaged(stream, other, dice) {
  let bytes = Buffer.from(stream);

  for (let left = 1 + dice.below(3); left > 0; left--) {
    bytes = damagedOnce(bytes, other, dice);
  }
  return bytes;
}

function damagedOnce(bytes, other, dice) {
  // Most of what matters is at the beginning.
  const near = () =>
    dice.below(
      (dice.below(2) === 0 ? Math.min(bytes.length, 100) : bytes.length) + 1
    );
  const [from, to] = [near(), near()].sort((a, b) => a - b);
  const before = bytes.subarray(0, from);
  const middle = bytes.subarray(from, to);
  const after = bytes.subarray(to);

  switch (dice.below(8)) {
    case 0:
    case 1:
    case 2:
      if (from < bytes.length) bytes[from] ^= 1 << dice.below(8);
      return bytes;
    case 3:
      return bytes.subarray(0, to);
    case 4:
      return Buffer.concat([before, after]);
    case 5:
      return Buffer.concat([before, middle, middle, after]);
    case 6: {
      const start = dice.below(other.length + 1);
      const piece = other.subarray(start, start + 1 + dice.below(40));
      return Buffer.concat([before, piece, bytes.subarray(from)]);
    }
    default:
      if (from < to && to < bytes.length) {
        [bytes[from], bytes[to]] = [bytes[to], bytes[from]];
      }
      return bytes;
  }
}

module.exports = { damaged, Dice, kinds, streams };
