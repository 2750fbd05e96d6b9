'use strict';

// What an attack found: payloads that are not what they look like.

const assert = require('node:assert');
const { once } = require('node:events');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { pair } = require('../support/serve');

/** Sends, and logs what `send()` throws and when its callback is called. */
function send(ws, log, data, name) {
  try {
    ws.send(data, (error) => log(name, 'callback', error ?? null));
  } catch (error) {
    log(name, 'throws', error.name);
  }
}

/** What is like a `Blob`, and brings what the promise brings. */
function blobOf(promise) {
  return {
    arrayBuffer: () => promise,
    size: 1,
    stream() {},
    type: '',
    [Symbol.toStringTag]: 'Blob'
  };
}

contract(
  "a send() that throws takes no other's callback (bug: all later ones were called one too early)",
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);

    send(ws, log, new Proxy(Buffer.from('x'), {}), 'proxy');
    send(ws, log, 'first', 'first');
    log((await client.readFrame()).payload);
    send(ws, log, 'second', 'second');
    log((await client.readFrame()).payload);

    const closed = once(ws, 'close');
    await client.close();
    await closed;
  },
  (log) => {
    assert.deepStrictEqual(log[0], ['proxy', 'throws', 'TypeError']);
    assert.deepStrictEqual(
      log.filter(([, what]) => what === 'callback'),
      [
        ['first', 'callback', null],
        ['second', 'callback', null]
      ]
    );
  }
);

suite('A Buffer whose length says something else (Ferrows only)', () => {
  for (const length of [-1, 2, 20, NaN]) {
    test(`is sent as long as it is: ${length} (bug: others' bytes were sent with it)`, async (t) => {
      const { ws, client } = await pair(t, libraries.ferrows);
      const data = Buffer.from('abc');

      Object.defineProperty(data, 'length', { value: length });
      ws.send('the bytes of somebody else, which are in the outbox');
      ws.send(data);
      ws.send('behind');
      await client.readFrame();
      const { first, payload } = await client.readFrame();
      assert.deepStrictEqual([first, payload.toString()], [0x82, 'abc']);
      assert.strictEqual(
        (await client.readFrame()).payload.toString(),
        'behind'
      );
    });
  }
});

contract(
  'a Blob that brings no bytes fails as one that cannot be read (bug: it was an uncaught exception, and nothing was sent any more)',
  async ({ lib, log, t }) => {
    const { ws } = await pair(t, lib);
    const closed = new Promise((resolve) => ws.on('close', resolve));

    ws.on('error', (error) => log('error', error.name, ws.readyState));
    send(ws, log, blobOf(Promise.resolve(undefined)), 'blob');
    send(ws, log, 'behind', 'behind');
    await once(ws, 'error');
    ws.terminate();
    await closed;
  },
  (log) => {
    assert.deepStrictEqual(
      log.map(([name]) => name),
      ['blob', 'behind', 'error']
    );
  }
);
