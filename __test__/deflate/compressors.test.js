'use strict';

// What ours compress, decompressed by Node.js's zlib. It gives out few bytes at a time, and then
// refuses what refers farther back than was agreed on.

const assert = require('node:assert');
const { suite, test } = require('node:test');
const zlib = require('node:zlib');

const { Deflater } = require('../../lib/binding');
const { libraries } = require('../support/contract');
const { ends } = require('./ends');
const { Dice, kinds } = require('./mutations');
const { SYNC, TAIL, words } = require('./support');

/** What a message is, or several that refer to each other. */
function strictly(payloads, windowBits) {
  const stream = Buffer.concat(payloads.flatMap((each) => [each, TAIL]));
  return zlib.inflateRawSync(stream, { ...SYNC, chunkSize: 64, windowBits });
}

/** Cuts data into three pieces, or leaves it as it is. */
function fragments(data, dice) {
  if (dice.below(2) === 0) return [data];
  const places = [0, 1].map(() => dice.below(data.length + 1));
  const [first, last] = places.sort((a, b) => a - b);
  return [
    data.subarray(0, first),
    data.subarray(first, last),
    data.subarray(last)
  ];
}

suite('zlib understands', () => {
  test('what Deflater makes of 4 000 messages, whatever its parameters', () => {
    const dice = new Dice(11);

    for (let i = 0; i < 1000; i++) {
      const level = (i % 11) - 1;
      const [memLevel, strategy] = [1 + dice.below(9), dice.below(5)];
      const [bits, takeover] = [8 + dice.below(8), dice.below(2) === 0];
      const what = { i, level, memLevel, strategy, bits, takeover };
      const deflater = new Deflater(level, memLevel, strategy, bits, takeover);
      const messages = [];
      const payloads = [];

      for (let left = 4; left > 0; left--) {
        // The next one is often like one before.
        const earlier = messages[dice.below(messages.length || 1)];
        const data =
          earlier?.subarray(dice.below(earlier.length + 1)) ??
          kinds(dice, dice.below(3000));
        const message = Buffer.concat([data, kinds(dice, dice.below(600))]);
        const frames = fragments(message, dice);
        const compressed = frames.map((frame, index) =>
          deflater.compress(frame, index === frames.length - 1)
        );

        messages.push(message);
        payloads.push(Buffer.concat(compressed));
      }
      if (takeover) {
        const all = strictly(payloads, bits);
        assert.ok(all.equals(Buffer.concat(messages)), JSON.stringify(what));
        continue;
      }
      for (const [index, message] of messages.entries()) {
        const one = strictly([payloads[index]], bits);
        assert.ok(one.equals(message), JSON.stringify(what));
      }
    }
  });

  // Without a context, tables as long as the message are used.
  for (const bits of [8, 9, 12, 15]) {
    test(`1 000 messages of a connection that forgets, window of ${bits} bits`, async (t) => {
      const dice = new Dice(bits);
      const { closed, peer, ws } = await ends(
        { lib: libraries.ferrows, t },
        'server',
        {
          options: { threshold: 0 },
          params: {
            server_max_window_bits: bits,
            server_no_context_takeover: true
          }
        }
      );

      for (let i = 0; i < 1000; i++) {
        const length = dice.below(i % 20 === 0 ? 32_769 : 3000);
        const message =
          i % 100 === 0
            ? Buffer.from(words(32_768 + (i % 3) - 1, i + 1))
            : kinds(dice, length);
        ws.send(message);
        const { first, payload } = await peer.raw.readFrame();
        assert.strictEqual(first, 0xc2);
        assert.ok(strictly([payload], bits).equals(message), `${i}`);
      }
      ws.terminate();
      await closed;
    });
  }
});
