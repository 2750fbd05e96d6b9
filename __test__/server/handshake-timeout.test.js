'use strict';

// `handshakeTimeout` of a server: how long a `verifyClient` with a callback may take. ws has it for
// clients only.

const assert = require('node:assert');
const { once } = require('node:events');
const { test } = require('node:test');

const { libraries } = require('../support/libraries');
const { request } = require('../support/raw-client');
const { connect, open, refused, serve } = require('../support/serve');

const lib = libraries.ferrows;

const TOO_LATE =
  'HTTP/1.1 503 Service Unavailable\r\n' +
  'Connection: close\r\n' +
  'Content-Type: text/html\r\n' +
  'Content-Length: 19\r\n' +
  'Retry-After: 10\r\n' +
  '\r\n' +
  'Service Unavailable';

/**
 * Starts a server whose `verifyClient` hands its callback on, and sends a request to it.
 *
 * @return {Promise<Object>} The server, `wss` and `port`, its `cb` and `req`, and the `client`
 */
async function ask(t, options) {
  let asked;
  const question = new Promise((resolve) => (asked = resolve));
  const { wss, port } = await serve(t, lib, {
    verifyClient: ({ req }, cb) => asked({ cb, req }),
    ...options
  });
  const client = await connect(t, port);
  client.send(request());
  return { client, port, wss, ...(await question) };
}

/** Has time pass only when the test says so. */
function mockTime(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return t.mock.timers;
}

for (const [how, lib] of [
  ['', libraries.ferrows],
  [', over a stream', libraries.streams]
]) {
  test(`a verifyClient that does not answer in time: 503${how}`, async (t) => {
    const { wss, port } = await serve(t, lib, {
      handshakeTimeout: 20,
      verifyClient(info, cb) {
        void cb;
      }
    });
    wss.on('wsClientError', () => assert.fail('not the fault of the client'));
    wss.on('connection', () => assert.fail('not accepted'));

    assert.strictEqual(await refused(t, port), TOO_LATE);
  });
}

test('the time runs from the request, to the millisecond that was given', async (t) => {
  const timers = mockTime(t);
  const { client } = await ask(t, { handshakeTimeout: 5000 });

  timers.tick(4999);
  client.socket.write('\r\n');
  await new Promise(setImmediate);
  assert.strictEqual(client.received.length, 0);
  timers.tick(1);
  assert.strictEqual((await client.readToEnd()).toString(), TOO_LATE);
});

for (const answer of [true, false]) {
  test(`an answer in time counts, ${answer}, and stops the clock`, async (t) => {
    const timers = mockTime(t);
    const { cb, client } = await ask(t, { handshakeTimeout: 5000 });

    timers.tick(4999);
    cb(answer, 403);
    timers.tick(10_000);
    if (answer) {
      assert.match(await client.readHead(), /^HTTP\/1\.1 101 /);
      client.send('89 80 00000000');
      assert.strictEqual((await client.readFrame()).first, 0x8a);
    } else {
      const response = (await client.readToEnd()).toString();
      assert.match(response, /^HTTP\/1\.1 403 Forbidden\r\n.*Forbidden$/s);
    }
  });

  test(`an answer that comes too late does nothing, ${answer}`, async (t) => {
    const timers = mockTime(t);
    const options = { handshakeTimeout: 5000, maxConnections: 1 };
    const { cb, client, port, req, wss } = await ask(t, options);
    const { socket } = req;
    wss.on('connection', () => assert.fail('too late'));

    timers.tick(5000);
    // Its place is free for another.
    assert.strictEqual(wss._limits._count, 0);
    const listeners = socket.listenerCount('finish');
    cb(answer);
    assert.strictEqual(socket.destroyed, false);
    assert.strictEqual(socket.listenerCount('finish'), listeners);
    assert.strictEqual((await client.readToEnd()).toString(), TOO_LATE);
    cb(answer);

    wss.removeAllListeners('connection');
    wss.options.verifyClient = null;
    await open(t, port);
  });
}

test('the clock stops when the socket closes', async (t) => {
  const timers = mockTime(t);
  const { client, req } = await ask(t, { handshakeTimeout: 5000 });
  const { socket } = req;
  const writes = t.mock.method(socket, 'end');

  client.socket.resetAndDestroy();
  await new Promise((resolve) => socket.once('close', resolve));
  timers.tick(5000);
  assert.strictEqual(writes.mock.callCount(), 0);
});

test('nothing of it is left on the socket of a connection', async (t) => {
  const { cb, client, req } = await ask(t, { handshakeTimeout: 5000 });
  const before = req.socket.listenerCount('close');

  cb(true);
  await client.readHead();
  assert.strictEqual(req.socket.listenerCount('close'), before - 1);
});

test('a verifyClient that answers by its result has no deadline', async (t) => {
  const timers = mockTime(t);
  const { port } = await serve(t, lib, {
    handshakeTimeout: 1,
    verifyClient() {
      timers.tick(10);
      return true;
    }
  });

  assert.match((await open(t, port)).response, /^HTTP\/1\.1 101 /);
});

for (const none of [0, undefined, null, Infinity]) {
  test(`a handshakeTimeout of ${none} is none`, async (t) => {
    const timers = mockTime(t);
    const { cb, client } = await ask(t, { handshakeTimeout: none });

    timers.tick(2 ** 31 - 1);
    cb(true);
    assert.match(await client.readHead(), /^HTTP\/1\.1 101 /);
  });
}

test('a handshakeTimeout longer than timers can wait is not one of a millisecond', async (t) => {
  const timers = mockTime(t);
  const { cb, client } = await ask(t, { handshakeTimeout: 1e12 });

  timers.tick(2 ** 31 - 2);
  cb(true);
  assert.match(await client.readHead(), /^HTTP\/1\.1 101 /);
});

test('handshakeTimeout has to be a number >= 0', () => {
  for (const value of [-1, NaN, -Infinity]) {
    assert.throws(
      () =>
        new lib.WebSocketServer({ handshakeTimeout: value, noServer: true }),
      {
        name: 'RangeError',
        code: 'ERR_OUT_OF_RANGE',
        message: `The option "handshakeTimeout" must be >= 0. Received ${value}`
      }
    );
  }
  for (const value of ['1', true, {}, []]) {
    assert.throws(
      () =>
        new lib.WebSocketServer({ handshakeTimeout: value, noServer: true }),
      { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
    );
  }
});

test('a client of ws is told 503', async (t) => {
  const { wss, port } = await serve(t, lib, {
    handshakeTimeout: 20,
    verifyClient(info, cb) {
      void cb;
    }
  });
  assert.ok(wss);
  const ws = new libraries.ws(`ws://127.0.0.1:${port}`);
  const [req, res] = await once(ws, 'unexpected-response');

  assert.strictEqual(res.statusCode, 503);
  assert.strictEqual(res.headers['retry-after'], '10');
  req.destroy();
});
