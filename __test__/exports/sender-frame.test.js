'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { contract, libraries } = require('../support/contract');

const mask1234 = (key) => key.set([1, 2, 3, 4]);
const mask0000 = (key) => key.fill(0);

const LENGTHS = [0, 1, 3, 4, 125, 126, 65_535, 65_536];
const OPCODES = [0, 1, 2, 8, 9, 10];

for (const options of [
  {},
  { mask: false, generateMask: mask1234 },
  { mask: true, generateMask: mask1234 },
  { mask: true, generateMask: mask1234, readOnly: true },
  { mask: true, generateMask: mask0000 },
  { mask: true, generateMask: mask0000, readOnly: true }
]) {
  const { generateMask, mask, readOnly } = options;
  const how = `mask: ${mask}, readOnly: ${readOnly}, ${generateMask?.name}`;

  contract(
    `Sender.frame() of bytes and of a string gives the same pieces, with ${how} (RFC 6455 5.2)`,
    ({ lib, log }) => {
      for (const length of LENGTHS) {
        for (const data of [
          Buffer.alloc(length, 'abcdefg'),
          'x'.repeat(length),
          '\u20ac'.repeat(length / 3)
        ]) {
          const list = lib.Sender.frame(data, {
            opcode: 1,
            fin: true,
            ...options
          });
          log(list.length, ...list);
          // Masked in place or not.
          log(list[1] === data, data);
        }
      }
    },
    (log) => assert.strictEqual(log.length, LENGTHS.length * 6)
  );
}

contract(
  'Sender.frame() sets FIN, RSV1 and the opcode',
  ({ lib, log }) => {
    for (const opcode of OPCODES) {
      for (const fin of [true, false, undefined, 1, 128]) {
        for (const rsv1 of [true, false, undefined]) {
          for (const mask of [true, false]) {
            const [header] = lib.Sender.frame(Buffer.alloc(0), {
              fin,
              generateMask: mask1234,
              mask,
              opcode,
              rsv1
            });
            log(opcode, fin, rsv1, mask, header);
          }
        }
      }
    }
  },
  (log) => assert.strictEqual(log[0].at(-1), 'Buffer c08001020304')
);

contract(
  'Sender.frame() has generateMask fill maskBuffer, if there is one',
  ({ lib, log }) => {
    const maskBuffer = Buffer.alloc(4);
    const seen = [];
    const options = {
      fin: true,
      generateMask: (key) => {
        seen.push(key);
        key.set([5, 6, 7, 8]);
      },
      mask: true,
      opcode: 2
    };

    log(lib.Sender.frame(Buffer.from('abc'), { ...options, maskBuffer }));
    log(seen[0] === maskBuffer, maskBuffer);
    log(lib.Sender.frame(Buffer.from('abc'), options));
    log(seen[1] === maskBuffer, Buffer.isBuffer(seen[1]), seen[1].length);
  }
);

test('Sender.frame() masks with a random key that is in the header, in both libraries', () => {
  for (const { Sender } of Object.values(libraries)) {
    const payload = Buffer.from('payload');
    const frames = Array.from({ length: 50 }, () =>
      Buffer.concat(
        Sender.frame(payload, {
          fin: true,
          mask: true,
          opcode: 2,
          readOnly: true
        })
      )
    );

    assert.strictEqual(payload.toString(), 'payload');
    for (const frame of frames) {
      const key = frame.subarray(2, 6);
      const unmasked = frame.subarray(6).map((byte, i) => byte ^ key[i & 3]);

      assert.strictEqual(frame.toString('hex', 0, 2), '8287');
      assert.strictEqual(Buffer.from(unmasked).toString(), 'payload');
    }
    assert.ok(new Set(frames.map((f) => f.toString('hex'))).size > 45);
  }
});
