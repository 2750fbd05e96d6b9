'use strict';

// Our decompressor beside Node.js's zlib, which ws uses, on messages that were damaged. All of it
// is the same in each run.

const assert = require('node:assert');
const { suite, test } = require('node:test');
const zlib = require('node:zlib');

const { Inflater } = require('../../lib/binding');
const { libraries } = require('../support/contract');
const { damaged, Dice, kinds, streams } = require('./mutations');
const { agreed, call, compressed, SYNC, TAIL } = require('./support');

/** What zlib says of a message: `{ text }` of its error; or its bytes, and what it has used. */
function byZlib(payload, dictionary) {
  const stream = Buffer.concat([payload, TAIL]);
  try {
    const options = { ...SYNC, dictionary, info: true };
    const { buffer, engine } = zlib.inflateRawSync(stream, options);
    return { bytes: buffer, used: engine.bytesWritten };
  } catch (error) {
    return { text: error.message };
  }
}

/** What ours says of frames, the last with FIN. */
function byOurs(inflater, frames) {
  const pieces = [];

  for (const [index, frame] of frames.entries()) {
    const bytes = inflater.decompress(frame, index === frames.length - 1);
    if (bytes === null) return { text: inflater.error().message };
    pieces.push(bytes);
  }
  return { bytes: Buffer.concat(pieces) };
}

/** What ws says of a message. */
async function byWs(codec, payload) {
  try {
    return { bytes: await call(codec, 'decompress', payload) };
  } catch (error) {
    return { text: error.message };
  }
}

/** Fails unless both have the same bytes, or refuse for the same reason. */
function assertSame(ours, theirs, what) {
  const isSame =
    ours.text === theirs.text &&
    Boolean(ours.bytes?.equals(theirs.bytes)) === Boolean(theirs.bytes);

  if (!isSame) {
    const { bytes = '', text } = ours;
    assert.fail(
      `${what()}\nours: ${text ?? bytes.toString('hex')}\n` +
        `theirs: ${theirs.text ?? theirs.bytes.toString('hex')}`
    );
  }
}

suite('our decompressor and zlib agree', () => {
  test('on 40 000 messages that were damaged', () => {
    const dice = new Dice(1);
    const originals = streams();
    const verdicts = new Set();

    for (let i = 0; i < 40_000; i++) {
      const [name, stream] = originals[i % originals.length];
      const other = originals[dice.below(originals.length)][1];
      const payload = damaged(stream, other, dice);
      const theirs = byZlib(payload);

      verdicts.add(theirs.text);
      assertSame(
        byOurs(new Inflater(15, false, 0), [payload]),
        theirs,
        () => `${i}, ${name}: ${payload.toString('hex')}`
      );
    }

    // All that zlib can say of a stream without a header, and that it finds nothing.
    assert.deepStrictEqual([...verdicts].sort(), [
      'invalid bit length repeat',
      'invalid block type',
      'invalid code -- missing end-of-block',
      'invalid code lengths set',
      'invalid distance code',
      'invalid distance too far back',
      'invalid distances set',
      'invalid literal/length code',
      'invalid literal/lengths set',
      'invalid stored block lengths',
      'too many length or distance symbols',
      undefined
    ]);
  });

  // A final block in the middle of a message is where they may differ: ws takes no more of the
  // message, or of the next frame if that block ends at the end of one. Ours takes no more of the
  // frame.
  test('on 20 000 of them in fragments', () => {
    const dice = new Dice(3);
    const originals = streams();
    let count = 0;

    for (let i = 0; i < 20_000; i++) {
      const [name, stream] = originals[i % originals.length];
      const payload = i % 4 === 0 ? stream : damaged(stream, stream, dice);
      const places = [0, 1].map(() => dice.below(payload.length + 1));
      const [first, last] = places.sort((a, b) => a - b);
      const theirs = byZlib(payload);

      if (theirs.used <= last) continue;
      count++;
      assertSame(
        byOurs(new Inflater(15, i % 2 === 0, 0), [
          payload.subarray(0, first),
          payload.subarray(first, last),
          payload.subarray(last)
        ]),
        theirs,
        () => `${i}, ${name}, ${first}, ${last}: ${payload.toString('hex')}`
      );
    }
    assert.ok(count > 15_000, `${count}`);
  });

  test('on 10 000 messages that may refer to an earlier one', () => {
    const dice = new Dice(2);

    for (let i = 0; i < 10_000; i++) {
      const earlier = kinds(dice, 1 + dice.below(3000));
      const message = Buffer.concat([
        earlier.subarray(dice.below(earlier.length)),
        kinds(dice, dice.below(500))
      ]);
      const payload = compressed(message, { dictionary: earlier });
      const given = i % 4 === 0 ? payload : damaged(payload, payload, dice);
      const inflater = new Inflater(15, true, 0);

      byOurs(inflater, [compressed(earlier)]);
      assertSame(
        byOurs(inflater, [given]),
        byZlib(given, earlier),
        () => `${i}: ${given.toString('hex')}`
      );
    }
  });

  // Behind a message that was damaged, and yet understood, they may differ: ws goes on in the
  // middle of a block, or without what was sent before. Ours begins a message with a block.
  test('on what refers farther back than was agreed on, message after message', async () => {
    const dice = new Dice(4);
    const refused = new Set();

    for (let i = 0; i < 400; i++) {
      const bits = 8 + (i % 8);
      const options = { server_max_window_bits: String(bits) };
      // Within what it decompresses at once, zlib lets all be referred to, as ours does.
      const zlibInflateOptions = { chunkSize: 1 << 20 };
      const codec = agreed(
        { lib: libraries.ws },
        { zlibInflateOptions },
        options
      );
      const inflater = new Inflater(bits, true, 0);
      // Its window is larger than that of who decompresses.
      const sender = agreed({ lib: libraries.ws }, { isServer: true });
      const piece = kinds(dice, 1 + dice.below(2 << (bits % 14)));

      for (let message = 0; message < 8; message++) {
        const from = dice.below(piece.length);
        const data = piece.subarray(from, from + dice.below(10_000));
        const payload = await call(sender, 'compress', data);
        const ours = byOurs(inflater, [payload]);
        const theirs = await byWs(codec, payload);

        assertSame(ours, theirs, () => `${i}, ${bits} bits`);
        if (ours.text !== undefined) {
          refused.add(bits);
          break;
        }
      }
      for (const each of [codec, sender]) each.cleanup();
    }
    assert.ok(refused.has(8) && refused.has(12), [...refused].join());
  });
});
