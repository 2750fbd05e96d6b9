'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { contract, libraries } = require('../support/contract');

const PROTOCOLS = [
  'foo',
  'foo,bar',
  'foo, bar',
  'foo\t ,\t bar,baz',
  'foo,Foo',
  "!#$%&'*+-.^_`|~0aZ",
  'hasOwnProperty,__proto__,constructor',
  '',
  ' ',
  ' foo',
  '\tfoo',
  'foo ',
  'foo\t',
  ',',
  ',foo',
  'foo,',
  'foo, ',
  'foo,,bar',
  'foo, ,bar',
  'foo bar',
  'foo;bar',
  '"foo"',
  'foo\u0000',
  'foo\u007f',
  'fo\u00e9',
  'fo\u20ac',
  '\ud83d\ude00foo',
  'foo,\ud83d\ude00',
  'foo\ud83d',
  'f\ud83do',
  'foo,foo',
  'foo, bar ,foo',
  'foo,foo,',
  'foo,foo bar',
  'foo,foo '
];

const EXTENSIONS = [
  'foo',
  'foo,foo',
  'foo;bar',
  'foo; bar; bar=1; bar="2"; baz',
  'foo;bar=baz,quux;q=1, foo;w',
  'foo ;\tbar\t, q',
  'foo;bar="\\b\\a\\z"',
  'foo;bar="b\\az";bar=x',
  'foo; bar = 1',
  'foo;bar= 1',
  'foo;bar =1',
  'foo;bar="1" ;x',
  'hasOwnProperty;__proto__=toString,__proto__;constructor',
  '',
  ' foo',
  'foo ',
  'foo;',
  'foo; ',
  'foo,',
  ',foo',
  ';foo',
  'foo;;bar',
  'foo;,',
  'foo;bar=',
  'foo;bar=;',
  'foo;bar=""',
  'foo;bar="',
  'foo;bar="baz',
  'foo;bar="baz\\',
  'foo;bar="\\\\"',
  'foo;bar="\\""',
  'foo;bar="b z"',
  'foo;bar="baz"x',
  'foo;bar="baz"" ',
  'foo;bar=b"z"',
  'foo;bar=baz=',
  'foo;bar baz',
  'foo bar',
  'foo;=',
  'foo;bar="baz" ',
  'foo;bar=baz ',
  'foo;b\u00e9',
  'foo;bar="\u00e9"',
  'foo\u20ac',
  'foo;\ud83d\ude00',
  '\ud83d',
  'permessage-deflate; client_max_window_bits; server_max_window_bits=10'
];

/** What a parser makes of a header, in a form that shows prototypes and the order of keys. */
function outcome(parse, header) {
  try {
    return show(parse(header));
  } catch (err) {
    return [err.constructor.name, err.message];
  }
}

function show(value) {
  if (value instanceof Set) return ['Set', ...value];
  if (Array.isArray(value)) return value.map(show);
  if (typeof value !== 'object') return value;
  return [Object.getPrototypeOf(value), Object.entries(value).map(show)];
}

contract(
  'parses Sec-WebSocket-Protocol to a Set, or throws (RFC 6455 §4.1 item 10)',
  ({ lib, log }) => {
    for (const header of PROTOCOLS) {
      log(JSON.stringify(header), outcome(lib.subprotocol.parse, header));
    }
  },
  (log) => {
    assert.deepStrictEqual(log[2][1], ['Set', 'foo', 'bar']);
    assert.deepStrictEqual(log[7][1], [
      'SyntaxError',
      'Unexpected end of input'
    ]);
  }
);

contract(
  'parses Sec-WebSocket-Extensions to offers, or throws (RFC 6455 §9.1)',
  ({ lib, log }) => {
    for (const header of EXTENSIONS) {
      log(JSON.stringify(header), outcome(lib.extension.parse, header));
    }
  },
  (log) => assert.strictEqual(log.length, EXTENSIONS.length)
);

/** Random numbers that are the same in each run. */
function randomizer(seed) {
  return (limit) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
}

/** Headers of pieces that are mostly right. */
function* headers(count, pieces) {
  const random = randomizer(0x6455);

  for (let i = 0; i < count; i++) {
    const length = 1 + random(12);
    let header = '';
    for (let j = 0; j < length; j++) header += pieces[random(pieces.length)];
    yield header;
  }
}

const PIECES = ['a', 'b', 'foo', '_', '-', ' ', '\t', ',', ', ', '\u00e9'];
const PARAM_PIECES = [';', '; ', '=', '="', '"', '\\', 'q=1', ';r', 'a'];

for (const [name, pieces] of [
  ['subprotocol', PIECES],
  ['extension', PIECES.concat(PARAM_PIECES, PARAM_PIECES)]
]) {
  test(`${name}.parse() says of random headers what ws says`, () => {
    const results = { value: 0, error: 0 };

    for (const header of headers(20_000, pieces)) {
      const expected = outcome(libraries.ws[name].parse, header);
      const actual = outcome(libraries.ferrows[name].parse, header);

      assert.deepStrictEqual(actual, expected, JSON.stringify(header));
      results[expected[0] === 'SyntaxError' ? 'error' : 'value']++;
    }

    // The headers were neither all right nor all wrong.
    assert.ok(results.value > 500 && results.error > 500, results);
  });
}

contract(
  'formats extensions, and parses them back (RFC 6455 §9.1)',
  ({ lib, log }) => {
    const { format, parse } = lib.extension;

    for (const extensions of [
      {},
      { foo: {} },
      { foo: [{}, {}] },
      { foo: [] },
      { foo: { bar: true, baz: 1, quux: ['a', true, 'b'] } },
      { foo: [{ bar: [true] }, { baz: 'x' }], bar: { q: true } },
      { foo: { bar: false, baz: undefined, quux: null } },
      { foo: { bar: [['x', 'y']] } }
    ]) {
      log(format(extensions));
    }

    const header = 'foo; bar; baz=1; baz=2, foo, bar; q';
    log(format(parse(header)) === header);
  },
  (log) => {
    assert.deepStrictEqual(log[4], ['foo; bar; baz=1; quux=a; quux; quux=b']);
  }
);
