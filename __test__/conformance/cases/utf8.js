'use strict';

// RFC 6455 §8.1: what is to be UTF-8 and is not.

const { BOTH } = require('../vocabulary');

const INVALID = 'close 1007, end';

/** Texts that are valid, some of them unusual. */
const GOOD = [
  ['a character of each length', '24 c2a2 e282ac f09f9880'],
  ['U+0000', '00'],
  ['the last code point before the surrogates, U+D7FF', 'ed9fbf'],
  ['the first one behind them, U+E000', 'ee8080'],
  ['the last code point, U+10FFFF', 'f48fbfbf'],
  ['noncharacters, U+FFFE and U+FFFF', 'efbfbe efbfbf'],
  ['a byte order mark', 'efbbbf 61']
];

/** Bytes that are no UTF-8. */
const BAD = [
  ['a continuation byte alone', '80'],
  ['a character without its last byte', 'e282'],
  ['a character broken off by another one', 'e28261'],
  ['an overlong slash of two bytes', 'c0af'],
  ['an overlong slash of three bytes', 'e080af'],
  ['an overlong slash of four bytes', 'f08080af'],
  ['an overlong U+0000', 'c080'],
  ['the first surrogate, U+D800', 'eda080'],
  ['the last surrogate, U+DFFF', 'edbfbf'],
  ['a pair of surrogates', 'eda080 edb080'],
  ['a code point above U+10FFFF', 'f4908080'],
  ['a sequence of five bytes', 'f888808080'],
  ['a sequence of six bytes', 'fc8480808080'],
  ['the byte 0xfe', 'fe'],
  ['the byte 0xff', 'ff'],
  ['an invalid byte behind valid text', '48656c6c6f ff']
];

const size = (bytes) => bytes.replace(/ /g, '').length / 2;
const byte = (value) => value.toString(16).padStart(2, '0');

module.exports = [
  ...GOOD.map(([what, bytes]) => ({
    requires: `text that is valid is received: ${what}`,
    sends: [`81 ${byte(size(bytes))} | ${bytes}`],
    sees: `text ${bytes.replace(/ /g, '')}, open`
  })),
  ...BAD.map(([what, bytes]) => ({
    requires: `text that is invalid fails the connection: ${what}`,
    sends: [`81 ${byte(size(bytes))} | ${bytes}`],
    sees: INVALID
  })),
  ...BAD.slice(0, 9).map(([what, bytes]) => ({
    requires: `a close reason that is invalid fails the connection: ${what}`,
    sends: [`88 ${byte(size(bytes) + 2)} | 03e8 ${bytes}`],
    sees: INVALID
  })),
  {
    requires: 'a close reason that is valid is accepted',
    sends: ['88 06 | 03e8 f09f9880'],
    sees: /^close 1000( f09f9880)?, end$/
  },
  {
    requires: 'a character in four frames is valid',
    sends: ['01 01 | f0', '00 01 | 9f', '00 01 | 98', '80 01 | 80'],
    sees: 'text f09f9880, open'
  },
  {
    requires: 'a character cut by a fragment and a ping is valid',
    sends: ['01 02 | e282', '89 00 |', '80 01 | ac'],
    sees: 'pong, text e282ac, open'
  },
  {
    requires: 'fragments that are invalid only together fail the connection',
    sends: ['01 02 | e282', '80 01 | 61'],
    sees: INVALID
  },
  {
    requires: 'a message that ends within a character fails the connection',
    sends: ['01 01 | 61', '80 01 | c3'],
    sees: INVALID
  },
  {
    requires: 'a character may not go on in the next message',
    sends: ['81 02 | 61c3', '81 01 | a9'],
    sees: INVALID
  },
  {
    requires: 'an invalid fragment in the middle fails the connection',
    sends: ['01 01 | 61', '00 01 | ff', '80 01 | 62'],
    sees: INVALID
  },
  {
    requires: 'an invalid byte fails the connection as soon as it is there',
    sends: ['01 01 | ff'],
    sees: INVALID,
    tolerates: {
      by: ['ws'],
      sees: 'open',
      because: 'it looks at a message when the message is complete'
    }
  },
  {
    requires:
      'text that is invalid fails the connection, whatever the option `skipUTF8Validation`',
    options: { skipUTF8Validation: true },
    sends: ['81 01 | ff'],
    sees: INVALID,
    tolerates: {
      sees: 'text ff, open',
      because:
        'the option, which is one of ws, is there to ask for it; the default is to check'
    }
  },
  {
    requires: 'a compressed text is checked when it is decompressed',
    deflate: 'permessage-deflate',
    sends: ['c1 06 | 00 0100 feff ff', '88 00 |'],
    sees: INVALID
  },
  {
    requires: 'a compressed text is not checked before it is decompressed',
    deflate: 'permessage-deflate',
    sends: ['c1 07 | f248cdc9c90700'],
    sees: 'compressed text 48656c6c6f, open'
  },
  {
    requires:
      'what is sent as text is UTF-8, also a string with half of a pair',
    app: (ws) => ws.send('a\ud800b'),
    sees: 'text 61efbfbd62, open'
  },
  {
    requires:
      'a reason that is sent is UTF-8, also a string with half of a pair',
    app: (ws) => ws.close(1000, '\udc00'),
    sends: ['88 00 |'],
    sees: 'close 1000 efbfbd, end'
  }
].map((each) => ({ at: '8.1', roles: BOTH, ...each }));
