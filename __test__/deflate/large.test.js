'use strict';

// Messages that take so long that they are not worked on by JavaScript's thread.

const assert = require('node:assert');
const { suite, test } = require('node:test');
const { setTimeout: after } = require('node:timers/promises');

const { contract, libraries } = require('../support/contract');
const { ends, ROLES, sendAtOnce } = require('./ends');
const { brief, logRefused } = require('./receiving');
const { compressed, noise, words } = require('./support');

const [TEXT, BINARY] = [0xc1, 0xc2];

/** Becomes short, and takes long to be decompressed. */
const ZEROS = Buffer.alloc(8_000_000);

for (const role of ROLES) {
  suite(`a ${role} and large messages`, () => {
    for (const [title, others, payload] of [
      ['is too long', { maxPayload: 2_000_000 }, compressed(ZEROS)],
      [
        'is damaged',
        {},
        Buffer.concat([compressed(ZEROS), Buffer.from('07', 'hex')])
      ],
      [
        'is no UTF-8',
        {},
        compressed(Buffer.concat([ZEROS, Buffer.from('ff', 'hex')]))
      ]
    ]) {
      contract(
        `fails once on one that ${title}, whatever has arrived behind it (WS-CONTRACT 19, 20)`,
        (scenario) =>
          logRefused(
            { ...scenario, log: brief(scenario.log) },
            role,
            { others },
            (peer) =>
              sendAtOnce(peer, [
                [0x81, 'before'],
                [TEXT, payload],
                [TEXT, compressed('behind')],
                [0x81, 'plain'],
                [0x89, 'ping']
              ])
          ),
        (log) => {
          const events = log.map(([event]) => event);
          assert.deepStrictEqual(events.slice(0, 2), ['message', 'error']);
          assert.strictEqual(events.filter((e) => e === 'error').length, 1);
        }
      );
    }

    contract(
      'reads no more than it must while one is decompressed',
      async (scenario) => {
        const { closed, peer, ws } = await ends(scenario, role);
        const plain = noise(1_000_000);
        let isFirst = true;
        const frames = Array.from({ length: 40 }, () => [0x82, plain]);
        const bytes = new Promise((resolve) => {
          ws.on('message', (data) => {
            if (isFirst) resolve(ws._socket.bytesRead);
            isFirst = false;
            scenario.log(data.length);
          });
        });
        const zeros = Buffer.alloc(60_000_000);

        peer.frame(BINARY, compressed(zeros));
        for (const [first, payload] of frames) peer.frame(first, payload);
        const limit = compressed(zeros).length + 3_000_000;
        const read = await bytes;
        assert.ok(read < limit, `${read} bytes`);
        peer.frame(0x88, Buffer.from('03e8', 'hex'));
        await closed;
      },
      (log) => assert.strictEqual(log.length, 41)
    );

    contract(
      'counts all that waits as buffered, and calls back in order (WS-CONTRACT 13, 14)',
      async (scenario) => {
        const { log } = scenario;
        const { closed, peer, ws } = await ends(scenario, role);
        const called = [];
        const send = (name, method, ...args) => {
          ws[method](...args, (err) => called.push([name, err ?? null]));
          log(name, ws.bufferedAmount);
        };

        send('large', 'send', words(2_000_000));
        send('small', 'send', words(100));
        send('plain', 'send', words(50), { compress: false });
        send('ping', 'ping', 'ping');
        send('large again', 'send', noise(3_000_000));
        ws.close(1000);
        send('late', 'send', 'late');
        for (let i = 0; i < 4; i++) {
          const { controls, data } = await peer.message();
          log(controls, data?.length);
        }
        peer.frame(0x88, Buffer.from('03e8', 'hex'));
        peer.raw.socket.end();
        await closed;
        log(called);
      }
    );
  });
}

test('a connection that was quiet forgets what it sent, and its peer need not know', async (t) => {
  for (const role of ROLES) {
    const scenario = { lib: libraries.ferrows, t };
    const how = { options: { releaseAfter: 20 } };
    const { closed, peer, ws } = await ends(scenario, role, how);
    const sizes = [];

    // Whatever it refers to, the peer understands it, which keeps its own context.
    async function exchange() {
      ws.send(words(1500));
      const { data, size } = await peer.message();
      assert.strictEqual(data.toString(), words(1500));
      sizes.push(size);
    }

    await exchange();
    for (let quiet = 20; (sizes.at(-1) ?? 0) < sizes[0] || sizes.length < 2;) {
      await after(quiet);
      await exchange();
      quiet *= 2;
    }
    assert.strictEqual(sizes.at(-1), sizes[0]);
    ws.terminate();
    await closed;
  }
});
