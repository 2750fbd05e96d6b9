'use strict';

// What is being compressed when the process ends. ws loses all of it, so these are of Ferrows alone.

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { Child } = require('../support/child');
const { libraries } = require('../support/contract');

/** How a server's process ends that has sent large messages, and what it sends. */
const ENDINGS = {
  'process.exit()': (ws, send) => {
    send(ws);
    process.exit(0);
  },
  'an exception': (ws, send) => {
    setImmediate(() => {
      send(ws);
      throw new Error('on purpose');
    });
  },
  "process.exit(), an 'exit' listener sending more": (ws, send) => {
    process.on('exit', () => send(ws));
    send(ws);
    process.exit(0);
  },
  'process.exit() in a timer, behind close()': (ws, send) => {
    setTimeout(() => {
      send(ws);
      ws.close(4000);
      process.exit(0);
    }, 1);
  }
};

/** A server that sends three messages by `send()`, which a client asks for, and ends. */
async function serve({ lib, say, support }, act, transport) {
  const { words } = support('../deflate/support');
  const send = (ws) => {
    for (const length of [200_000, 100, 100_000]) ws.send(words(length));
  };
  const wss = new lib.WebSocketServer({
    perMessageDeflate: true,
    port: 0,
    transport
  });

  wss.on('listening', () => say(wss.address().port));
  wss.on('connection', (ws) => ws.on('message', () => act(ws, send)));
}

for (const transport of ['auto', 'stream']) {
  for (const [how, act] of Object.entries(ENDINGS)) {
    test(`large messages have left before ${how}: ${transport}`, async (t) => {
      const body = `(given) => (${serve})(given, ${act}, '${transport}')`;
      const child = new Child(t, 'ferrows', body);
      const client = new libraries.ws(`ws://127.0.0.1:${await child.next()}`);
      const lengths = [];

      client.on('message', (data) => lengths.push(data.length));
      client.on('open', () => client.send('go'));
      const [code] = await once(client, 'close');

      const times = how.includes('more') ? 2 : 1;
      const expected = Array(times).fill([200_000, 100, 100_000]).flat();
      assert.deepStrictEqual(lengths, expected);
      assert.strictEqual(code, how.includes('close()') ? 4000 : 1006);
      await child.end();
    });
  }
}

test('a process does not wait for ever for what is compressed', async (t) => {
  const child = new Child(t, 'ferrows', ({ say, support }) => {
    const { native } = support('../../lib/endpoint')();
    let isFirst = true;

    // There is always something left.
    native.awaitDeflated = (patience) => {
      if (isFirst) say(patience);
      isFirst = false;
      return true;
    };
    process.exit(0);
  });

  const patience = await child.next();
  assert.ok(patience > 0 && patience <= 1000, `${patience}`);
  assert.strictEqual(await child.end(), 0);
});
