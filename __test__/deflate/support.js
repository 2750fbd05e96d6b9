'use strict';

const zlib = require('node:zlib');

const NAME = 'permessage-deflate';

/** RFC 7692 §7.2.1: what a sender removes. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

const SYNC = { finishFlush: zlib.constants.Z_SYNC_FLUSH };

const WORDS = 'the quick brown fox jumps over lazy dogs, 12345 {"id": }'.split(
  ' '
);

/** The compressed payload of a message that refers to no other. */
function compressed(data, options) {
  return zlib.deflateRawSync(data, { ...options, ...SYNC }).subarray(0, -4);
}

/** What a compressed payload, or several that refer to each other, are. */
function decompressed(...payloads) {
  const stream = Buffer.concat(payloads.flatMap((each) => [each, TAIL]));
  return zlib.inflateRawSync(stream, SYNC);
}

/** The texts that `words()` has made so far, by their seeds. */
const texts = new Map();

/** Words that compress as text does: `length` bytes of them, the same for the same seed. */
function words(length, seed = 1) {
  let { state = seed, text = '' } = texts.get(seed) ?? {};

  while (text.length < length) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    text += `${WORDS[(state >>> 16) % WORDS.length]} `;
  }

  texts.set(seed, { state, text });
  return text.slice(0, length);
}

/** Bytes that cannot be compressed: the same for the same seed. */
function noise(length, seed = 1) {
  const bytes = Buffer.alloc(length);
  let state = seed;

  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** Calls `compress()` or `decompress()` and returns the result. */
function call(instance, method, data, fin = true) {
  return new Promise((resolve, reject) => {
    instance[method](data, fin, (err, result) => {
      if (err) reject(err);
      else resolve(result);
    });
  });
}

/** An instance of a library's class that has agreed on these parameters. */
function agreed({ lib }, options, params = {}) {
  const instance = new lib.PerMessageDeflate(options);
  instance.accept([
    Object.fromEntries(
      Object.entries(params).map(([key, value]) => [key, [value]])
    )
  ]);
  return instance;
}

module.exports = {
  agreed,
  call,
  compressed,
  decompressed,
  NAME,
  noise,
  SYNC,
  TAIL,
  words
};
