'use strict';

// The short form of `npm run test:churn`.

const assert = require('node:assert');
const { test } = require('node:test');

const { churn } = require('./churn/run');

for (const [name, count] of [
  ['ferrows', 20_000],
  ['streams', 4000]
]) {
  test(`no byte of ${count} short connections reaches another one, however they end and whatever is sent on them later: ${name}`, async (t) => {
    const { clients, seconds, server } = await churn(name, count);

    t.diagnostic(`${clients.bytes + server.bytes} bytes, ${seconds} s`);
    assert.deepStrictEqual([...clients.foreign, ...server.foreign], []);
    assert.deepStrictEqual([...clients.unexplained, ...server.unexplained], []);
    assert.strictEqual(clients.visits, count);
    assert.strictEqual(server.closed, server.connections);
    // Some are reset before their request is read.
    assert.ok(server.connections > 0.8 * count, `${server.connections}`);
    assert.ok(server.messages > 0.7 * count, `${server.messages} messages`);
    assert.ok(server.lateSends >= server.closed);
    // A hundred connections at a time, each with a descriptor and at times with its duplicate: far
    // fewer descriptors than connections, so that most were used by many.
    assert.ok(server.descriptors < 500, `descriptor ${server.descriptors}`);
    assert.ok(server.open < 50, `${server.open} descriptors at the end`);
  });
}
