'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { turns } = require('../support/session');
const { memorySession } = require('./support');

/** Opens several sessions, and logs each one's messages in a list of its own. */
async function openSeveral(scenario, count) {
  const sessions = [];

  for (let i = 0; i < count; i++) {
    const session = await memorySession(scenario);
    const messages = [];
    session.ws.on('message', (data) => messages.push(data.toString('latin1')));
    sessions.push({ ...session, messages });
  }

  return sessions;
}

suite('What streams read in one loop iteration is collected', () => {
  contract(
    'in the order of the chunks, also of frames that come in pieces',
    async ({ lib, log, t }) => {
      const seen = [];
      const sessions = [];
      for (let i = 0; i < 3; i++) {
        const session = await memorySession({ lib, t });
        session.ws.on('message', (data) => seen.push(`${i}: ${data}`));
        sessions.push(session);
      }
      const [a, b, c] = sessions.map(({ near }) => near);
      const cut = frame(0x81, 'in pieces');
      a.emit('data', cut.subarray(0, 1));
      b.emit('data', frame(0x81, 'whole'));
      a.emit('data', cut.subarray(1, 9));
      c.emit('data', Buffer.concat([frame(0x81, '1'), frame(0x81, '2')]));
      a.emit('data', cut.subarray(9));
      b.emit('data', Buffer.alloc(0));
      b.emit('data', frame(0x81, 'again'));
      await turns();
      log(seen);
    },
    ([[seen]]) => assert.strictEqual(seen.length, 5)
  );

  contract(
    'however many chunks and bytes there are',
    async ({ lib, log, t }) => {
      const sessions = await openSeveral({ lib, t }, 3);
      // More than fit in the number of chunks, and in the number of bytes; then a large chunk.
      for (let i = 0; i < 2500; i++) {
        sessions[i % 3].near.emit('data', frame(0x81, `small ${i}`));
      }
      for (let i = 0; i < 60; i++) {
        const payload = `${i} `.padEnd(12_000, 'm');
        sessions[i % 3].near.emit('data', frame(0x81, payload));
      }
      for (const { near } of sessions) {
        near.emit('data', frame(0x81, 'before'));
        near.emit('data', frame(0x81, 'l'.repeat(100_000)));
        near.emit('data', frame(0x81, 'behind'));
      }
      await turns();
      for (const { messages } of sessions) log(messages.length, messages);
    },
    (log) => {
      const counts = log.map(([count]) => count);
      assert.strictEqual(
        counts.reduce((sum, count) => sum + count),
        2500 + 60 + 9
      );
    }
  );

  contract(
    'also what a listener has another stream read',
    async ({ lib, log, t }) => {
      const [a, b] = await openSeveral({ lib, t }, 2);
      a.ws.on('message', () => b.near.emit('data', frame(0x81, 'from a')));
      for (let i = 0; i < 2000; i++) a.near.emit('data', frame(0x81, `${i}`));
      await turns();
      log(a.messages, b.messages);
    },
    ([[, messages]]) => assert.strictEqual(messages.length, 2000)
  );

  contract(
    'and delivered before the stream fails',
    async ({ lib, log, t }) => {
      const { closed, near, ws } = await memorySession({ lib, t });
      ws.on('message', (data) => log(data, ws.readyState));
      ws.on('close', (code) => log(code, ws.readyState));
      near.emit('data', frame(0x81, 'a'));
      near.emit('error', new Error('The stream failed'));
      await closed;
    },
    ([first]) => assert.deepStrictEqual(first, ['Buffer 61', 1])
  );
});

suite('What streams have to write', () => {
  contract(
    'is written whole and in order, also if it is more than one crossing takes',
    async ({ lib, log, t }) => {
      const sessions = await openSeveral({ lib, t }, 3);
      const called = [];
      for (let i = 0; i < 300; i++) {
        const { ws } = sessions[i % 3];
        ws.send(`${i} `.padEnd(i * 40, 's'), () => called.push(i));
      }
      await turns(30);
      for (const { received } of sessions) log(received());
      log(called.sort((a, b) => a - b));
    },
    (log) => assert.strictEqual(log.at(-1)[0].length, 300)
  );

  test('stays as it is, however long a stream keeps it', async (t) => {
    const lib = libraries.ferrows;
    const sessions = await openSeveral({ lib, t }, 2);
    const expected = sessions.map(() => []);
    for (const { near } of sessions) near.written.length = 0;
    for (let round = 0; round < 300; round++) {
      sessions.forEach(({ ws }, i) => {
        const text = `${i} ${round} `.padEnd((round * 37) % 6000, 'k');
        expected[i].push(text);
        ws.send(text);
      });
      await turns(1);
    }
    await turns();
    sessions.forEach(({ near }, i) => {
      const texts = near.written.map((bytes) => {
        const start = bytes[1] === 126 ? 4 : 2;
        return bytes.toString('latin1', start);
      });
      assert.deepStrictEqual(texts, expected[i]);
    });
  });
});
