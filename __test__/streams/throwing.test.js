'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { turns } = require('../support/session');
const { memorySession, MemoryStream } = require('./support');

/** Collects what nobody catches while `run` runs. */
async function uncaught(run) {
  const errors = [];
  const listeners = process.listeners('uncaughtException');
  const note = (error) => errors.push(error.message);

  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', note);

  try {
    await run();
  } finally {
    process.removeListener('uncaughtException', note);
    for (const listener of listeners) process.on('uncaughtException', listener);
  }

  return errors;
}

suite('A listener that throws', () => {
  // With ws, what such a stream brings behind it is lost.
  test('loses no message, of its connection or of another (Ferrows only)', async (t) => {
    const lib = libraries.ferrows;
    const sessions = [];
    const seen = [[], []];
    for (let i = 0; i < 2; i++) sessions.push(await memorySession({ lib, t }));

    const errors = await uncaught(async () => {
      sessions.forEach(({ far, ws }, i) => {
        ws.on('message', (data) => {
          seen[i].push(String(data));
          ws.send(data);
          if (String(data) === 'bad') throw new Error(`${i}`);
        });
        const frames = ['a', 'bad', 'b', 'bad', 'c'];
        // One chunk, and one each.
        far.write(Buffer.concat(frames.map((text) => frame(0x81, text))));
        for (const text of frames) far.write(frame(0x81, text));
      });
      await turns(20);
    });

    const texts = ['a', 'bad', 'b', 'bad', 'c', 'a', 'bad', 'b', 'bad', 'c'];
    assert.deepStrictEqual(seen, [texts, texts]);
    assert.deepStrictEqual(errors.sort(), [...'00001111']);
    for (const { received } of sessions) {
      assert.strictEqual(
        received().toString('hex'),
        '82016182036261648201628203626164820163'.repeat(2)
      );
    }
  });

  contract(
    'a callback of send() that throws keeps back no other',
    async ({ lib, log, t }) => {
      const { ws } = await memorySession({ lib, t });
      const errors = await uncaught(async () => {
        for (const name of ['a', 'b', 'c', 'd']) {
          ws.send(name, () => {
            log(name);
            if (name < 'c') throw new Error(name);
          });
        }
        await turns();
      });
      log(errors);
    },
    (log) =>
      assert.deepStrictEqual(log, [['a'], ['b'], ['c'], ['d'], [['a', 'b']]])
  );
});

/** Its write() throws as long as `isBroken`. */
class BreakingStream extends MemoryStream {
  write(...args) {
    if (this.isBroken) throw new Error('write');
    return super.write(...args);
  }
}

suite('A stream whose write() throws', () => {
  // With ws the stream stays corked then.
  test('keeps no other connection from writing, nor itself later (Ferrows only)', async (t) => {
    const sessions = [];
    for (let i = 0; i < 3; i++) {
      sessions.push(
        await memorySession(
          { lib: libraries.ferrows, t },
          { Class: BreakingStream }
        )
      );
    }
    const [, bad] = sessions;
    bad.near.isBroken = true;

    const errors = await uncaught(async () => {
      for (const { ws } of sessions) ws.send('first');
      await turns();
      bad.near.isBroken = false;
      for (const { ws } of sessions) ws.send('second');
      await turns();
    });

    assert.deepStrictEqual(errors, ['write']);
    assert.deepStrictEqual(
      sessions.map(({ received }) => received().toString('hex')),
      [
        '8105666972737481067365636f6e64',
        '81067365636f6e64',
        '8105666972737481067365636f6e64'
      ]
    );
  });
});
