'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { libraries } = require('../support/contract');
const { frame, RawClient } = require('../support/raw-client');
const { serve } = require('../support/serve');

const CONNECTIONS = 2000;
const AT_ONCE = 100;
const MESSAGES = 6;

/** Lengths on both sides of the limits at which bytes take another way. */
const LENGTHS = [10, 125, 126, 4000, 16_383, 16_384, 40_000];

/** A payload that says whose it is in each of its bytes. */
function token(number, round) {
  const text = `<${number}.${round}>`;
  return text.repeat(
    LENGTHS[(number + round) % LENGTHS.length] / text.length + 1
  );
}

/** Opens a connection, has its messages echoed, and leaves in one of several ways. */
async function visit(number, port) {
  const client = await RawClient.open(port);
  const leaving = ['close', 'end', 'reset', 'terminated', 'too early'][
    number % 5
  ];

  for (let round = 0; round < MESSAGES; round++) {
    const text = token(number, round);
    client.send(frame(0x81, text));
    // Answers that nobody waits for are still under way when the next user has the slot.
    if (leaving === 'too early' && round === MESSAGES - 1) break;
    const { first, payload } = await client.readFrame();
    assert.strictEqual(first, 0x81);
    assert.ok(
      payload.equals(Buffer.from(text)),
      `${payload.subarray(0, 50)} is not ${number}'s`
    );
  }

  if (leaving === 'terminated') {
    client.send(frame(0x81, 'terminate'));
    assert.strictEqual(
      (await client.readFrame()).payload.toString(),
      `last ${number}`
    );
    assert.strictEqual((await client.readToEnd()).length, 0);
  } else if (leaving === 'close') {
    client.send(frame(0x88, Buffer.from('03e8', 'hex')));
    assert.strictEqual((await client.readToEnd()).toString('hex'), '880203e8');
  } else if (leaving === 'end') {
    client.socket.end();
    assert.strictEqual((await client.readToEnd()).length, 0);
  }

  if (leaving === 'reset' || leaving === 'too early') client.reset();
  else client.socket.destroy();
}

for (const name of ['ws', 'ferrows', 'streams']) {
  test(`gives 2 000 connections that come and go their own bytes and no other's: ${name} (rules 1 and 2)`, async (t) => {
    const { port, wss } = await serve(t, libraries[name]);
    let opened = 0;
    let closed = 0;
    let errors = 0;

    wss.on('connection', (ws) => {
      let number = '';
      const kept = [];
      opened++;
      ws.on('error', () => errors++);
      ws.on('close', () => {
        closed++;
        // What a user keeps stays as it was.
        for (const data of kept) {
          if (!data.toString('latin1', 1).startsWith(number)) errors++;
        }
      });
      ws.on('message', (data) => {
        const text = data.toString();
        if (text === 'terminate') {
          ws.send(`last ${number}`);
          ws.terminate();
          return;
        }
        number = text.slice(1, text.indexOf('.'));
        kept.push(data);
        ws.send(kept.length % 2 === 0 ? text : data, { binary: false });
      });
    });

    let next = 0;
    const visitor = async () => {
      while (next < CONNECTIONS) await visit(next++, port);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, visitor));

    while (wss.clients.size !== 0) await once([...wss.clients][0], 'close');
    assert.deepStrictEqual(
      { closed, errors, opened },
      { closed: CONNECTIONS, errors: 0, opened: CONNECTIONS }
    );
  });
}
