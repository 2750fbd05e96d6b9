'use strict';

const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { session, turns } = require('../support/session');
const { ends, ROLES } = require('./ends');
const { noise, words } = require('./support');

const NO_TAKEOVER = {
  client_no_context_takeover: true,
  server_no_context_takeover: true
};

/** What is logged of long messages. */
function brief(data) {
  return `${data.length} bytes, ${createHash('sha1').update(data).digest('hex')}`;
}

/** Logs messages until the close frame. */
async function logMessages({ log }, { closed, peer }) {
  for (;;) {
    const { bits, controls, data } = await peer.message();
    log(bits, controls, data?.length > 500 ? brief(data) : data);
    if (data === undefined) break;
  }
  peer.frame(0x88, Buffer.from('03e8', 'hex'));
  peer.raw.socket.end();
  await closed;
}

/** Has `act` send something and close the connection; logs the frames that come of it. */
async function logSent(scenario, role, how, act) {
  const connection = await ends(scenario, role, how);
  await act(connection.ws);
  connection.ws.close(1000);
  await logMessages(scenario, connection);
}

contract(
  'nothing is compressed without an agreement, whatever is said',
  async (scenario) => {
    const { client, closed, ws } = await session(scenario, {
      server: { perMessageDeflate: true }
    });

    for (const compress of [undefined, true]) {
      ws.send('a'.repeat(100), { compress });
      const { first, payload } = await client.readFrame();
      scenario.log(first, payload, ws.extensions);
    }
    ws.terminate();
    await closed;
  },
  ([[first]]) => assert.strictEqual(first, 0x81)
);

for (const role of ROLES) {
  suite(`what a ${role} sends`, () => {
    contract(
      'is compressed if it is not said otherwise',
      (scenario) =>
        logSent(scenario, role, {}, (ws) => {
          for (const compress of [true, false, undefined, null, 0, 1, '']) {
            ws.send('text', { compress });
          }
          ws.send('text');
          ws.send('text', {});
          ws.send('text', Object.create({ compress: false }));
          ws.send(Buffer.from('bytes'));
          ws.send(new Uint16Array([1, 2, 3]).subarray(1));
          ws.send(new ArrayBuffer(3));
          ws.send(12);
          ws.send(undefined);
        }),
      (log) => {
        const bits = log.map(([each]) => each[0]);
        const given = ['c1', '81', '81', '81', '81', 'c1', '81'];
        assert.deepStrictEqual(bits.slice(0, 10), [...given, 'c1', 'c1', 'c1']);
      }
    );

    for (const [name, threshold] of [
      ['the threshold', 100],
      ['a threshold of 0', 0],
      ['a threshold of Infinity', Infinity],
      ['the default threshold', undefined]
    ]) {
      contract(
        `is compressed from ${name} on, where the context is not kept`,
        (scenario) => {
          const how = { options: { threshold }, params: NO_TAKEOVER };
          return logSent(scenario, role, how, (ws) => {
            for (const length of [0, 1, 99, 100, 101, 1023, 1024, 1025]) {
              ws.send('a'.repeat(length));
              ws.send(Buffer.alloc(length));
              // The threshold is in bytes.
              ws.send('é'.repeat(length / 2));
              ws.send(new Blob(['a'.repeat(length)]));
            }
            ws.send('a'.repeat(2000), { compress: false });
          });
        },
        (log) => {
          const [compressed, others] = [true, false].map((is) =>
            log.filter(([bits]) => /^[4c]/.test(bits[0]) === is)
          );
          assert.ok(others.length > 0);
          if (threshold === Infinity) assert.strictEqual(compressed.length, 0);
          else assert.ok(compressed.length > 0);
        }
      );
    }

    contract(
      'is compressed whatever its size, where the context is kept',
      (scenario) =>
        logSent(scenario, role, { options: { threshold: 500 } }, (ws) => {
          for (const length of [0, 1, 499, 500]) ws.send('a'.repeat(length));
        }),
      (log) =>
        assert.deepStrictEqual(
          log.slice(0, 4).map(([bits]) => bits),
          Array(4).fill(['c1'])
        )
    );

    contract(
      'in fragments has RSV1 on the first, which decides for all (RFC 7692 6)',
      (scenario) => {
        const how = { options: { threshold: 10 }, params: NO_TAKEOVER };
        return logSent(scenario, role, how, (ws) => {
          // Long, short: compressed. Short, long: not.
          for (const lengths of [
            [10, 1, 0],
            [9, 2000, 2000],
            [0, 0],
            [2000, 2000, 2000]
          ]) {
            for (const [index, length] of lengths.entries()) {
              const fin = index === lengths.length - 1;
              ws.send(words(length), { binary: true, fin });
              if (!fin) ws.ping(`ping ${index}`);
            }
          }
          ws.send('one', { compress: false, fin: false });
          ws.send('x'.repeat(100), { compress: true });
          ws.send('x'.repeat(100), { compress: true, fin: false });
          ws.send('three', { compress: false });
        });
      },
      (log) =>
        assert.deepStrictEqual(
          log.slice(0, 6).map(([bits]) => bits.join(' ')),
          ['42 0 80', '2 0 80', '2 80', '42 0 80', '1 80', '41 80']
        )
    );

    contract(
      'with the context kept is compressed in fragments, too',
      (scenario) =>
        logSent(scenario, role, {}, (ws) => {
          for (let i = 0; i < 3; i++) {
            ws.send(words(300), { fin: false });
            ws.send('', { fin: false });
            ws.send(words(300), { fin: true });
            ws.send('');
            ws.send('', { fin: false });
            ws.send('');
          }
        })
    );

    contract(
      'leaves in its order, whatever takes long, and close() last (WS-CONTRACT 15, 25)',
      async (scenario) => {
        const { log } = scenario;
        const called = [];
        await logSent(scenario, role, {}, (ws) => {
          const send = (name, ...args) =>
            ws.send(...args, (err) => called.push([name, err]));

          send('large', words(3_000_000));
          send('small', 'small');
          ws.ping('ping', (err) => called.push(['ping', err]));
          send('blob', new Blob([words(200_000, 2)]));
          send('plain', words(100), { compress: false });
          send('large again', noise(1_000_000));
          ws.pong('pong', (err) => called.push(['pong', err]));
          send('first', words(500_000), { fin: false });
          send('last', 'last', { fin: true });
          log(ws.bufferedAmount > 0);
        });
        log(called);
      },
      (log) => {
        const [called] = log.at(-1);
        assert.strictEqual(called.length, 9);
        for (const [, err] of called) assert.ok(!err);
      }
    );
  });
}

contract(
  'a client with generateMask compresses, too',
  async (scenario) => {
    const { log } = scenario;
    let keys = 0;
    const generateMask = (key) => {
      keys++;
      key.set([1, 2, 3, 4]);
    };

    for (const params of [{}, NO_TAKEOVER]) {
      await logSent(
        scenario,
        'client',
        { others: { generateMask }, params },
        (ws) => {
          ws.send(words(2000));
          ws.send(words(2000));
          ws.send('', { fin: false });
          ws.send(words(100_000));
          ws.ping('ping');
          ws.send(new Blob([words(3000)]));
          ws.send('plain', { compress: false });
          ws.send('');
        }
      );
      log(keys);
    }
  },
  (log) => assert.strictEqual(log.at(-1)[0], 18)
);

// What is masked by the user's key is compressed at once. It was compressed in the context that one had
// before what other threads were compressing, or in the place of what waited behind that.
contract(
  'a client with generateMask compresses in the order in which it sends, masked or not',
  async (scenario) => {
    const generateMask = (key) => key.set([1, 2, 3, 4]);
    const pieces = [words(100_000), words(50_000, 7), words(300, 9), 'end'];
    // Which of four are masked.
    const masks = Array.from({ length: 16 }, (_, bits) =>
      [1, 2, 4, 8].map((bit) => (bits & bit) !== 0)
    );

    for (const params of [{}, NO_TAKEOVER]) {
      for (const areFragments of [true, false]) {
        await logSent(
          scenario,
          'client',
          { others: { generateMask }, params },
          (ws) => {
            for (const flags of masks) {
              for (const [i, mask] of flags.entries()) {
                ws.send(pieces[i], { fin: !areFragments || i === 3, mask });
              }
            }
          }
        );
      }
    }
  },
  (log) => assert.strictEqual(log.length, 2 * (16 + 16 * 4 + 2))
);

for (const role of ROLES) {
  suite(`the context of a ${role}`, () => {
    contract('makes the same message short', async (scenario) => {
      const { log } = scenario;
      const own = `${role}_no_context_takeover`;
      const other = `${role === 'server' ? 'client' : 'server'}_no_context_takeover`;

      for (const params of [{}, { [own]: true }, { [other]: true }]) {
        const { closed, peer, ws } = await ends(scenario, role, { params });
        const sizes = [];

        for (let i = 0; i < 3; i++) {
          ws.send(words(1500));
          const { data, size } = await peer.message();
          assert.strictEqual(data.toString(), words(1500));
          sizes.push(size);
        }
        log(Object.keys(params), sizes[1] < sizes[0] / 5);
        ws.terminate();
        await closed;
      }
    });

    contract('is of the size that was agreed on', async (scenario) => {
      const { log } = scenario;
      const data = noise(600);

      for (const bits of [8, 9, 10, 15]) {
        const params = {
          server_max_window_bits: bits,
          client_max_window_bits: bits
        };
        const { closed, peer, ws } = await ends(scenario, role, {
          options: { clientMaxWindowBits: bits },
          params
        });
        ws.send(data);
        await peer.message();
        ws.send(data);
        const { size } = await peer.message();
        log(bits, size < 300);
        ws.terminate();
        await closed;
      }
    });
  });
}

contract(
  'what is being compressed counts as buffered, until it is written (WS-CONTRACT 14)',
  async (scenario) => {
    const { log } = scenario;

    for (const role of ROLES) {
      const { closed, peer, ws } = await ends(scenario, role);
      const data = noise(1_000_000);
      const written = new Promise((resolve) => ws.send(data, resolve));
      log(ws.bufferedAmount >= 900_000);
      const { data: received } = await peer.message();
      log(received.equals(data));
      await written;
      await turns();
      log(ws.bufferedAmount);
      ws.terminate();
      await closed;
    }
  },
  (log) =>
    assert.deepStrictEqual(log, [...log.slice(0, 2), [0], ...log.slice(3)])
);

test('while (ws.bufferedAmount === 0) ws.send(data) ends (WS-CONTRACT 14)', async (t) => {
  for (const role of ROLES) {
    for (const data of [noise(5000), noise(300_000)]) {
      const scenario = { lib: libraries.ferrows, t };
      // With the context kept, the same message again is too short to fill anything.
      const how = { params: NO_TAKEOVER };
      const { closed, peer, ws } = await ends(scenario, role, how);
      let count = 0;

      while (ws.bufferedAmount === 0) {
        ws.send(data);
        count++;
      }
      for (let i = 0; i < count; i++) {
        assert.ok((await peer.message()).data.equals(data));
      }
      ws.terminate();
      await closed;
    }
  }
});

test('callbacks of what is being compressed get an error when the connection dies (WS-CONTRACT 13)', async (t) => {
  for (const role of ROLES) {
    const scenario = { lib: libraries.ferrows, t };
    const { closed, ws } = await ends(scenario, role);
    const events = [];

    ws.on('close', () => events.push('close'));
    for (const name of ['one', 'two', 'three']) {
      ws.send(noise(2_000_000), (err) => {
        events.push(name, err instanceof Error, ws.readyState);
      });
    }
    ws.terminate();
    assert.deepStrictEqual(events, []);
    await closed;
    assert.deepStrictEqual(events, [
      ...['one', 'two', 'three'].flatMap((name) => [name, true, 2]),
      'close'
    ]);
  }
});
