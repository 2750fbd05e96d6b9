'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { BINARY, FIN, ROLES, RSV1, TEXT } = require('./ends');
const { brief, logReceived, logRefused } = require('./receiving');
const { compressed, TAIL, words } = require('./support');

const CONTINUATION = 0x00;

for (const role of ROLES) {
  suite(`a ${role} refuses (WS-CONTRACT 19)`, () => {
    for (const [title, first] of [
      ['a ping', 0xc9],
      ['a pong', 0xca],
      ['a close frame', 0xc8]
    ]) {
      contract(`RSV1 on ${title} (RFC 7692 6)`, (scenario) =>
        logRefused(scenario, role, {}, (peer) => peer.frame(first, ''))
      );
    }

    for (const first of [0x40, 0xc0]) {
      contract(
        `RSV1 on a continuation frame, ${first.toString(16)} (RFC 7692 6)`,
        (scenario) =>
          logRefused(scenario, role, {}, async (peer) => {
            peer.frame(RSV1 | 0x01, await peer.compress('one', false));
            peer.frame(first, await peer.compress('two'));
          }),
        (log) => {
          const [, { code }] = log.find(([event]) => event === 'error');
          assert.strictEqual(code, 'WS_ERR_UNEXPECTED_RSV_1');
        }
      );
    }

    contract('RSV1 on a continuation of what is not compressed', (scenario) =>
      logRefused(scenario, role, {}, (peer) => {
        peer.frame(0x01, 'one');
        peer.frame(0xc0, 'two');
      })
    );

    contract('RSV2 and RSV3', async (scenario) => {
      for (const first of [0xa1, 0x91, 0xe1]) {
        await logRefused(scenario, role, {}, (peer) => peer.frame(first, ''));
      }
    });

    contract(
      'data that cannot be decompressed, and emits what came before (RFC 7692 7.2.2)',
      async (scenario) => {
        for (const hex of ['ffff', '0100', 'fc0100', 'ed']) {
          await logRefused(scenario, role, {}, async (peer) => {
            await peer.send('before');
            peer.frame(FIN | RSV1 | 0x01, Buffer.from(hex, 'hex'));
            peer.frame(0x81, 'behind');
          });
        }
        // Where the context is not kept it may not be referred to.
        const params = {
          client_no_context_takeover: true,
          server_no_context_takeover: true
        };
        await logRefused(scenario, role, { params }, (peer) => {
          peer.frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'));
          peer.frame(TEXT, Buffer.from('f200110000', 'hex'));
        });
      },
      (log) => {
        const [, { code }] = log.find(([event]) => event === 'error');
        assert.strictEqual(code, 'Z_DATA_ERROR');
        assert.deepStrictEqual(log.find(([event]) => event === 'peer')[1], [
          ['88', '\u0003\u00ef']
        ]);
      }
    );

    contract("bad data with zlib's number and text", async (scenario) => {
      const { log } = scenario;
      const onConnection = (ws) =>
        ws.on('error', ({ code, errno, message }) => log(code, errno, message));
      const refuse = (...frames) =>
        logRefused(scenario, role, { onConnection }, (peer) => {
          for (const [first, payload] of frames) peer.frame(first, payload);
        });
      // A block of fixed codes: a length of 3, and a distance code that does not exist (RFC 1951 3.2.6).
      const damage = Buffer.concat([
        TAIL,
        Buffer.from('023e', 'hex'),
        Buffer.alloc(40)
      ]);

      await refuse([TEXT, Buffer.from('ffff', 'hex')]);
      // Behind what is decompressed at once, and what takes so long that it is done elsewhere.
      for (const length of [500, 5000, 200_000, 2_000_000]) {
        const payload = compressed(words(length));
        const [first, rest] = [payload.subarray(0, 300), payload.subarray(300)];

        await refuse([BINARY, Buffer.concat([payload, damage])]);
        await refuse([RSV1 | 0x02, first], [CONTINUATION, rest], [FIN, damage]);
      }
    });

    contract('bad data in a fragment, before the message ends', (scenario) =>
      logRefused(scenario, role, {}, (peer) =>
        peer.frame(RSV1 | 0x01, Buffer.from('ffff', 'hex'))
      )
    );

    contract(
      'text that is no UTF-8 when it is decompressed (RFC 6455 8.1)',
      async (scenario) => {
        for (const hex of ['ff', 'c3', '61c3', 'eda080']) {
          await logRefused(scenario, role, {}, (peer) =>
            peer.frame(TEXT, compressed(Buffer.from(hex, 'hex')))
          );
        }
        const skip = { others: { skipUTF8Validation: true } };
        await logReceived(scenario, role, skip, (peer) =>
          peer.frame(TEXT, compressed(Buffer.from('ff', 'hex')))
        );
        // In fragments a sequence may be cut.
        await logReceived(scenario, role, {}, async (peer) => {
          const bytes = Buffer.from('é€😀');
          for (const [i, byte] of bytes.entries()) {
            const isLast = i === bytes.length - 1;
            const first = (i === 0 ? RSV1 | 0x01 : 0) | (isLast ? FIN : 0);
            const payload = await peer.compress(Buffer.from([byte]), isLast);
            peer.frame(first, payload);
          }
        });
      },
      (log) => {
        const [, { code }] = log.find(([event]) => event === 'error');
        assert.strictEqual(code, 'WS_ERR_INVALID_UTF8');
      }
    );

    contract(
      'what is larger than maxPayload when it is decompressed, or as it comes',
      async (scenario) => {
        const how = { others: { maxPayload: 1000 } };

        await logReceived(
          { ...scenario, log: brief(scenario.log) },
          role,
          how,
          (peer) => peer.send(words(1000))
        );
        for (const data of [words(1001), Buffer.alloc(50_000_000)]) {
          await logRefused(scenario, role, how, (peer) => peer.send(data));
        }
        // The sum of the fragments.
        await logRefused(scenario, role, how, async (peer) => {
          peer.frame(RSV1 | 0x02, await peer.compress(words(600), false));
          peer.frame(FIN, await peer.compress(words(600), true));
        });
        // The compressed payload alone is too large.
        await logRefused(scenario, role, how, (peer) =>
          peer.frame(TEXT, Buffer.alloc(1001))
        );
      },
      (log) => {
        const errors = log.filter(([event]) => event === 'error');
        assert.strictEqual(errors.length, 4);
        for (const [, { code }] of errors) {
          assert.strictEqual(code, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
        }
      }
    );

    contract('more fragments than maxFragments', (scenario) =>
      logRefused(
        scenario,
        role,
        { others: { maxFragments: 2 } },
        async (peer) => {
          peer.frame(RSV1 | 0x02, await peer.compress('one', false));
          peer.frame(CONTINUATION, await peer.compress('two', false));
          peer.frame(FIN, await peer.compress('three', true));
        }
      )
    );
  });
}
