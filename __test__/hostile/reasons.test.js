'use strict';

// What is given to close() and is no string. A reason that is measured in one unit and copied in another sends
// memory that nobody wrote (as ws did before 8.20.1).

const assert = require('node:assert');
const { suite } = require('node:test');

const { ROLES } = require('../faults/support');
const { thrown } = require('../client/support');
const { contract } = require('../support/contract');
const { readMasked } = require('../support/raw-server');

const bytes = Uint8Array.from({ length: 400 }, (_, i) => i & 0x7f).buffer;

const REASONS = {
  'a Buffer': () => Buffer.from('bye'),
  'a slice of a Buffer': () => Buffer.from(bytes, 7, 20),
  'a slice of the pool': () => Buffer.from('a goodbye').subarray(2),
  'a Uint8Array with an offset': () => new Uint8Array(bytes, 3, 9),
  'a Uint16Array': () => new Uint16Array(bytes, 2, 9),
  'an Int32Array': () => new Int32Array(bytes, 4, 9),
  'a Float64Array': () => new Float64Array(bytes, 8, 9),
  'a BigUint64Array of 120 bytes': () => new BigUint64Array(bytes, 8, 15),
  'a Float64Array of 128 bytes, and 16 elements': () =>
    new Float64Array(bytes, 8, 16),
  'a Uint16Array of 124 bytes': () => new Uint16Array(bytes, 0, 62),
  'a DataView': () => new DataView(bytes, 5, 11),
  'an ArrayBuffer': () => bytes.slice(0, 10),
  'a SharedArrayBuffer': () => new SharedArrayBuffer(6),
  'an empty Uint16Array': () => new Uint16Array(0),
  'a string of 123 bytes': () => 'x'.repeat(123),
  'a string of 41 characters and 123 bytes': () => '€'.repeat(41),
  'a string of 42 characters and 126 bytes': () => '€'.repeat(42),
  'half a character': () => '\ud83d',
  'a number': () => 12,
  'an array': () => [1, 2, 3],
  'an object with a length': () => ({ length: 50 }),
  'an object with a byteLength': () => ({ byteLength: 50, length: 50 }),
  null: () => null,
  true: () => true
};

for (const [role, { session }] of Object.entries(ROLES)) {
  suite(`The reason of close(), of a ${role}`, () => {
    for (const [what, make] of Object.entries(REASONS)) {
      contract(
        `that is ${what}`,
        async (scenario) => {
          const { log } = scenario;
          const { peer, ws } = await session(scenario);
          const error = thrown(() => ws.close(4001, make()));

          log(
            error && [
              error.Class.name,
              error.message.split('\n')[0],
              error.code
            ]
          );
          log(ws.readyState);
          if (error) return ws.terminate();
          const { first, payload } = await readMasked(peer);
          log(first, payload);
          peer.socket.destroy();
        },
        (log) => assert.ok(log.length >= 2)
      );
    }
  });
}
