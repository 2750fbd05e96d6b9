'use strict';

const { optionOfWrongType, optionOutOfRange } = require('./errors');

// As in `require('zlib').constants`, which takes a while to load and cannot change: zlib.h has them.
const Z_BLOCK = 5;
const Z_DEFAULT_CHUNK = 16 * 1024;
const Z_DEFAULT_COMPRESSION = -1;
const Z_DEFAULT_MEMLEVEL = 8;
const Z_DEFAULT_STRATEGY = 0;
const Z_FINISH = 4;
const Z_FIXED = 4;
const Z_NO_FLUSH = 0;
const Z_SYNC_FLUSH = 2;

/** RFC 7692 §7.1.2: the base-2 logarithm of a window's bytes. */
const MIN_WINDOW_BITS = 8;
const MAX_WINDOW_BITS = 15;

/** Milliseconds that Node.js's timers can wait; for the native side any number is as good as it. */
const MOST = 2 ** 31 - 1;

/** zlib's numbers: `[default, least, most]`. */
const ZLIB_NUMBERS = {
  chunkSize: [Z_DEFAULT_CHUNK, 64, Number.MAX_VALUE],
  finishFlush: [Z_FINISH, Z_NO_FLUSH, Z_BLOCK],
  flush: [Z_NO_FLUSH, Z_NO_FLUSH, Z_BLOCK],
  level: [Z_DEFAULT_COMPRESSION, -1, 9],
  maxOutputLength: [Number.MAX_VALUE, 1, Number.MAX_VALUE],
  memLevel: [Z_DEFAULT_MEMLEVEL, 1, 9],
  strategy: [Z_DEFAULT_STRATEGY, Z_DEFAULT_STRATEGY, Z_FIXED]
};

/**
 * Checks the options of permessage-deflate, and says what they come to.
 *
 * @param {Object} options The options of `PerMessageDeflate`
 * @return {Object} `threshold`, `concurrencyLimit`, `releaseAfter` (0: never), and zlib's `level`,
 *     `memLevel` and `strategy`
 * @throws {(TypeError|RangeError)} If one of them cannot be honoured
 */
function readDeflateOptions(options) {
  checkWindowBits('clientMaxWindowBits', options.clientMaxWindowBits);
  checkWindowBits('serverMaxWindowBits', options.serverMaxWindowBits);
  readZlibOptions('zlibInflateOptions', options.zlibInflateOptions);

  const zlib = readZlibOptions(
    'zlibDeflateOptions',
    options.zlibDeflateOptions
  );
  const limit = readNumber('concurrencyLimit', options.concurrencyLimit, 10);

  if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 0)) {
    throw outOfRange('concurrencyLimit', 'an integer >= 0', limit);
  }

  return {
    concurrencyLimit: limit === 0 ? MOST : Math.min(limit, MOST),
    level: Math.trunc(zlib.level),
    memLevel: Math.trunc(zlib.memLevel),
    releaseAfter: readDuration('releaseAfter', options.releaseAfter, 60_000),
    strategy: Math.trunc(zlib.strategy),
    threshold: readNumber('threshold', options.threshold, 1024)
  };
}

/** `true` and `false` have a meaning, too. */
function checkWindowBits(name, value) {
  if (value === undefined || value === null || typeof value === 'boolean') {
    return;
  }

  if (typeof value !== 'number') {
    throw wrongType(name, 'a number or a boolean', value);
  }

  if (
    !Number.isInteger(value) ||
    value < MIN_WINDOW_BITS ||
    value > MAX_WINDOW_BITS
  ) {
    const range = `an integer >= ${MIN_WINDOW_BITS} and <= ${MAX_WINDOW_BITS}`;
    throw outOfRange(name, range, value);
  }
}

/** Takes what ws can compare with a number: it may come from the environment, say. */
function readNumber(name, value, fallback) {
  if (value === undefined) return fallback;
  if (typeof value === 'symbol' || Number.isNaN(Number(value))) {
    throw wrongType(name, 'a number', value);
  }
  return Number(value);
}

function readDuration(name, value, fallback) {
  const duration = readNumber(name, value, fallback);

  if (duration < 0) throw outOfRange(name, '>= 0', value);
  if (duration === Infinity) return 0;
  return Math.min(Math.ceil(duration), MOST);
}

/**
 * Checks options of zlib as zlib does. Those that change nothing of what ws makes of them need not
 * be more than valid: `chunkSize`, `finishFlush`, `info`, `maxOutputLength`, `windowBits`, and
 * those of streams.
 */
function readZlibOptions(name, options) {
  const numbers = {};

  for (const [key, [fallback, least, most]] of Object.entries(ZLIB_NUMBERS)) {
    const value = options?.[key];
    const fullName = `${name}.${key}`;

    // NaN means the default, for zlib.
    if (value === undefined || Number.isNaN(value)) {
      numbers[key] = fallback;
    } else if (typeof value !== 'number') {
      throw wrongType(fullName, 'a number', value);
    } else if (value < least || value > most) {
      const range =
        most === Number.MAX_VALUE
          ? `>= ${least} and finite`
          : `>= ${least} and <= ${most}`;
      throw outOfRange(fullName, range, value);
    } else {
      numbers[key] = value;
    }
  }

  // A message is flushed anyway, so a sync flush is nothing more. The others end the stream, or
  // forget the window.
  if (numbers.flush !== Z_NO_FLUSH && numbers.flush !== Z_SYNC_FLUSH) {
    const flushes = 'Z_NO_FLUSH or Z_SYNC_FLUSH';
    throw outOfRange(`${name}.flush`, flushes, numbers.flush);
  }

  // The RFC knows of no dictionary, and behind a final block there is always something.
  for (const key of ['dictionary', 'rejectGarbageAfterEnd']) {
    if (options?.[key]) {
      throw new TypeError(
        `The option "perMessageDeflate.${name}.${key}" is not supported`
      );
    }
  }

  return numbers;
}

function wrongType(name, expected, value) {
  return optionOfWrongType(`perMessageDeflate.${name}`, expected, value);
}

function outOfRange(name, range, value) {
  return optionOutOfRange(`perMessageDeflate.${name}`, range, value);
}

module.exports = { MAX_WINDOW_BITS, MIN_WINDOW_BITS, readDeflateOptions };
