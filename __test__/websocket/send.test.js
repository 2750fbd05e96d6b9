'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { session } = require('../support/session');

/** Has `act` send something, and returns all bytes that the peer got, the close frame left out. */
async function wire(scenario, act) {
  const { client, ws } = await session(scenario);
  await act(ws);
  client.send(frame(0x88));
  const bytes = await client.readToEnd();

  assert.strictEqual(bytes.subarray(-2).toString('hex'), '8800');
  return bytes.subarray(0, -2);
}

/** A view of bytes 3 … 7 of twelve. */
const memory = Uint8Array.from({ length: 24 }, (_, i) => i).buffer;

const VALUES = {
  'a string': ['text'],
  'an empty string': [''],
  'a string of characters of one to four bytes': ['aé€😀\0'],
  'a string with lone surrogates': ['a\ud800b\udc00'],
  'a long string of ASCII': ['a'.repeat(70_000)],
  'a long string of three bytes each': ['€'.repeat(20_000)],
  'a string of 5461 and of 5462 units': ['b'.repeat(5461), 'b'.repeat(5462)],
  'a number': [42, -0.5, 0, NaN, Infinity, 1e21],
  'a Buffer': [Buffer.from('buffer')],
  'a Buffer from the pool, by its offset': [Buffer.from('pooled').subarray(2)],
  'an empty Buffer': [Buffer.alloc(0)],
  'an ArrayBuffer': [memory],
  'an empty ArrayBuffer': [new ArrayBuffer(0)],
  'a Uint8Array by its offset': [new Uint8Array(memory, 3, 5)],
  'a Uint16Array by its offset': [new Uint16Array(memory, 4, 3)],
  'an Int32Array': [Int32Array.of(1, -1)],
  'a Float64Array by its offset': [new Float64Array(memory, 8, 1)],
  'a BigInt64Array': [BigInt64Array.of(1n)],
  'a Uint8ClampedArray': [Uint8ClampedArray.of(1, 300)],
  'a DataView by its offset': [new DataView(memory, 5, 2)],
  'a SharedArrayBuffer': [new SharedArrayBuffer(4)],
  'a view of a SharedArrayBuffer': [
    new Uint8Array(new SharedArrayBuffer(8), 2, 3).fill(7)
  ],
  'a large view of a SharedArrayBuffer': [
    new Uint8Array(new SharedArrayBuffer(40_000), 2, 33_000).fill(7)
  ],
  'a large DataView': [new DataView(new ArrayBuffer(70_000), 1, 66_000)],
  'a large Float32Array': [new Float32Array(20_000).fill(1.5)],
  'an array of bytes': [[1, 2, 255, 256, -1, 1.5, 'x']],
  'an empty array': [[]],
  'an array-like': [{ length: 3, 0: 1, 1: 2 }],
  'an object that Buffer.from() takes': [
    new String('object'),
    { valueOf: () => Buffer.from('value') },
    { [Symbol.toPrimitive]: () => 'primitive' },
    { type: 'Buffer', data: [1, 2] }
  ],
  'undefined, null, and false': [undefined, null, false]
};

suite('send() writes one frame (WS-CONTRACT 11)', () => {
  for (const [what, values] of Object.entries(VALUES)) {
    contract(`for ${what}`, async (scenario) => {
      const bytes = await wire(scenario, (ws) => {
        for (const value of values) ws.send(value);
      });
      scenario.log(bytes);
    });

    contract(`for ${what}, as text and as binary`, async (scenario) => {
      const bytes = await wire(scenario, (ws) => {
        for (const value of values) {
          ws.send(value, { binary: false });
          ws.send(value, { binary: true });
        }
      });
      scenario.log(bytes);
    });
  }

  contract(
    'for payloads around each limit of the length field',
    async (scenario) => {
      for (const size of [
        0, 1, 125, 126, 127, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_535,
        65_536, 65_537, 1_000_000
      ]) {
        const bytes = await wire(scenario, (ws) => {
          ws.send(Buffer.alloc(size, 0x62));
          ws.send('a'.repeat(size));
        });
        scenario.log(bytes);
      }
    }
  );
});

const UNSUPPORTED = [true, {}, () => {}, Symbol('s'), 10n, new Date(0), /x/];

suite('An unsupported value is a synchronous TypeError', () => {
  for (const method of ['send', 'ping', 'pong']) {
    contract(
      `of ${method}(), and leaves the connection OPEN`,
      async (scenario) => {
        const { log } = scenario;
        const bytes = await wire(scenario, (ws) => {
          for (const value of UNSUPPORTED) {
            try {
              ws[method](value, undefined, () => log('called'));
              log('taken', typeof value);
            } catch (error) {
              log(error);
            }
          }
          log(ws.readyState, ws.bufferedAmount);
          ws.send('after');
        });
        log(bytes);
      }
    );
  }
});

suite('Options of send() (WS-CONTRACT 11)', () => {
  contract(
    'binary, fin and compress, in all combinations',
    async (scenario) => {
      const values = [true, false, undefined, null, 0, 1, ''];
      const bytes = await wire(scenario, (ws) => {
        for (const binary of values) {
          ws.send('text', { binary });
          ws.send(Buffer.from('bytes'), { binary });
        }
        for (const compress of values) ws.send('text', { compress });
        for (const fin of values) {
          ws.send('a', { fin });
          ws.send('b', { fin: true });
        }
      });
      scenario.log(bytes);
    }
  );

  contract('that are no object', async (scenario) => {
    const bytes = await wire(scenario, (ws) => {
      for (const options of [
        undefined,
        null,
        {},
        0,
        1,
        '',
        'binary',
        true,
        []
      ]) {
        ws.send('text', options);
        ws.send(Buffer.from('bytes'), options);
      }
    });
    scenario.log(bytes);
  });

  contract('that are inherited do not count', async (scenario) => {
    const bytes = await wire(scenario, (ws) => {
      ws.send('text', Object.create({ binary: true, fin: false, mask: true }));
      ws.send('text', Object.create(null));
    });
    scenario.log(bytes);
  });

  contract(
    'fin: false starts or continues a fragmented message (§5.4)',
    async (scenario) => {
      const bytes = await wire(scenario, (ws) => {
        ws.send('one', { fin: false });
        ws.send('two', { fin: false });
        ws.ping('between');
        ws.send(Buffer.from('three'), { fin: false, binary: true });
        ws.send('', { fin: true });
        ws.send(Buffer.from('one'), { fin: false });
        ws.send('two');
        ws.send(Buffer.alloc(20_000), { fin: false });
        ws.send(Buffer.alloc(20_000), { fin: true });
        ws.send('whole');
      });
      scenario.log(bytes);
    },
    ([[bytes]]) =>
      assert.match(bytes, /^Buffer 01036f6e65000374776f89076265747765656e0005/)
  );

  contract('mask: true masks with a key of four bytes', async (scenario) => {
    for (const size of [0, 5, 200, 20_000, 70_000]) {
      const payload = Buffer.alloc(size, 'payload');
      const before = Buffer.from(payload);
      const bytes = await wire(scenario, (ws) =>
        ws.send(payload, { mask: true })
      );
      const start = bytes.length - size - 4;
      const key = bytes.subarray(start, start + 4);
      const unmasked = bytes
        .subarray(start + 4)
        .map((byte, i) => byte ^ key[i & 3]);
      scenario.log(bytes.subarray(0, start), Buffer.from(unmasked));
      scenario.log('length', bytes.length, before.length);
    }
  });

  contract('mask: true of a string', async (scenario) => {
    const bytes = await wire(scenario, (ws) =>
      ws.send('héllo', { mask: true })
    );
    const key = bytes.subarray(2, 6);
    scenario.log(bytes.subarray(0, 2));
    scenario.log(
      Buffer.from(
        bytes.subarray(6).map((byte, i) => byte ^ key[i & 3])
      ).toString()
    );
  });

  test("a user's buffer is never masked in place", async (t) => {
    for (const size of [5, 20_000, 70_000]) {
      for (const make of [
        (buffer) => buffer,
        (buffer) => buffer.buffer.slice(),
        (buffer) => new DataView(buffer.buffer.slice())
      ]) {
        const data = make(Buffer.alloc(size, 'payload'));
        const copy = structuredClone(data);
        await wire({ lib: libraries.ferrows, t }, (ws) => {
          ws.send(data, { mask: true });
          ws.ping(Buffer.from('ping'), true);
        });
        assert.deepStrictEqual(
          Buffer.from(data.buffer ?? data),
          Buffer.from(copy.buffer ?? copy)
        );
      }
    }
  });
});
