'use strict';

// What clients do that do not behave, over bare TCP. Each has the error that the server's user must
// see, if it is one, and `run()`, which rejects if the server does anything but what it has to.

const assert = require('node:assert');
const tls = require('node:tls');
const { setTimeout: sleep } = require('node:timers/promises');

const { frame, RawClient, request } = require('../__test__/support/raw-client');
const { body, HEAD, KIND, make, parse } = require('./message');

const DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

/** Opens a connection, on which its name says what is to come. */
function open(name, [port], options) {
  return RawClient.open(port, { ...options, path: `/bad/${name}` });
}

/** Milliseconds, from none to so many. */
const pause = (most) => sleep(Math.random() * most);

/** A frame with an echo in it, and what comes back. */
function echo(number, length) {
  const message = make(KIND.ECHO, number, body(length, true));
  return { message, bytes: frame(0x81, message) };
}

/** An offence, after a message that has to be answered, and which closes with `code`. */
function offence(error, code, bytes, headers) {
  return {
    error,
    async run(name, ports) {
      const client = await open(name, ports, { headers });
      const { bytes: first, message } = echo(0, 50);
      client.send(Buffer.concat([first, Buffer.from(bytes, 'hex')]));
      const answer = await client.readFrame();
      if (headers) assert.strictEqual(answer.first, 0xc1);
      else assert.deepStrictEqual(answer.payload, message);
      const { first: opcode, payload } = await client.readFrame();
      assert.strictEqual(opcode, 0x88);
      assert.strictEqual(payload.readUInt16BE(0), code);
      await client.close();
    }
  };
}

/** Something that is no offence. */
function harmless(run) {
  return { error: null, run };
}

const misbehaviours = {
  'unmasked frame': offence('WS_ERR_EXPECTED_MASK', 1002, '810161'),
  'unknown opcode': offence('WS_ERR_INVALID_OPCODE', 1002, '838000000000'),
  'RSV1 without an extension': offence(
    'WS_ERR_UNEXPECTED_RSV_1',
    1002,
    'c18000000000'
  ),
  'ping in fragments': offence('WS_ERR_EXPECTED_FIN', 1002, '098000000000'),
  'long ping': offence(
    'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
    1002,
    '89fe007e00000000'
  ),
  'bad UTF-8': offence('WS_ERR_INVALID_UTF8', 1007, '818200000000c080'),
  'bad UTF-8 in two fragments': offence(
    'WS_ERR_INVALID_UTF8',
    1007,
    '018200000000e282' + '80810000000028'
  ),
  'more than maxPayload': offence(
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    1009,
    '82ff000000000030000000000000'
  ),
  'close code 999': offence(
    'WS_ERR_INVALID_CLOSE_CODE',
    1002,
    '88820000000003e7'
  ),
  'damaged DEFLATE': offence('Z_DATA_ERROR', 1007, 'c18200000000ffff', DEFLATE),

  'cut frame': harmless(async (name, ports) => {
    const client = await open(name, ports);
    client.send('82fe03e8 00000000 00010203');
    await pause(500);
    client.socket.end();
    await client.readToEnd();
  }),

  'cut frame over TLS': harmless(async (name, [, port]) => {
    const socket = tls.connect({ port, rejectUnauthorized: false });
    const client = new RawClient(socket);
    client.send(request({ path: `/bad/${name}` }));
    await client.readHead();
    client.send('82fe03e8 00000000 00010203');
    await pause(500);
    socket.destroy();
  }),

  'reset in a message': harmless(async (name, ports) => {
    const client = await open(name, ports);
    client.send(Buffer.concat([echo(0, 3000).bytes, frame(0x01, 'half')]));
    if (Math.random() < 0.5) await client.readFrame();
    client.reset();
  }),

  'reset in a compressed message': harmless(async (name, ports) => {
    const client = await open(name, ports, { headers: DEFLATE });
    client.send('c1fe03e8 00000000 aa562aae 00010203');
    await pause(100);
    client.reset();
  }),

  'half a handshake': harmless(async (name, [port]) => {
    const client = await RawClient.connect(port);
    const bytes = request({ path: `/bad/${name}` });
    client.send(bytes.subarray(0, Math.random() * (bytes.length - 1)));
    await pause(1000);
    if (Math.random() < 0.5) client.reset();
    else client.socket.destroy();
  }),

  'wrong version': harmless(async (name, [port]) => {
    const client = await RawClient.connect(port);
    client.send(request({ headers: { 'Sec-WebSocket-Version': '12' } }));
    assert.match(await client.readHead(), /^HTTP\/1.1 400 /);
    await client.close();
  }),

  'byte by byte': harmless(async (name, ports) => {
    const client = await open(name, ports);
    const { bytes, message } = echo(0, 40);
    for (const byte of bytes) {
      client.send(Buffer.from([byte]));
      await pause(2);
    }
    assert.deepStrictEqual((await client.readFrame()).payload, message);
    await leave(client, 1);
  }),

  'many fragments': harmless(async (name, ports) => {
    const client = await open(name, ports);
    const { message } = echo(0, 2000);
    const frames = [];
    for (let at = 0; at < message.length; at += 10) {
      const isLast = at + 10 >= message.length;
      const first = (isLast ? 0x80 : 0) | (at === 0 ? 1 : 0);
      frames.push(frame(first, message.subarray(at, at + 10)));
    }
    client.send(Buffer.concat(frames));
    assert.deepStrictEqual((await client.readFrame()).payload, message);
    await leave(client, 1);
  }),

  'many pings': harmless(async (name, ports) => {
    const client = await open(name, ports);
    const pings = Array.from({ length: 50 }, (_, i) => frame(0x89, `${i}`));
    client.send(Buffer.concat(pings));
    for (let i = 0; i < 50; i++) {
      const { first, payload } = await client.readFrame();
      assert.deepStrictEqual([first, String(payload)], [0x8a, `${i}`]);
    }
    await leave(client, 0);
  }),

  'slow reader': harmless(async (name, ports) => {
    const client = await ask(name, ports);
    client.socket.resume();
    for (let i = 0; i < ECHOES; i++) {
      const { payload } = await client.readFrame();
      assert.deepStrictEqual(
        [payload.length, parse(payload)],
        [ECHO + HEAD, { kind: KIND.ECHO, number: i, intact: true }]
      );
      await pause(50);
    }
    await leave(client, ECHOES);
  }),

  'reader who gives up': harmless(async (name, ports) => {
    const client = await ask(name, ports);
    client.reset();
  }),

  'message behind the close frame': harmless(async (name, ports) => {
    const client = await open(name, ports);
    const close = closeFrame(0);
    client.send(Buffer.concat([close, echo(0, 10).bytes]));
    assert.strictEqual((await client.readFrame()).first, 0x88);
    assert.strictEqual((await client.readToEnd()).length, 0);
    await client.close();
  })
};

const ECHOES = 20;
const ECHO = 60_000;

/** Asks for more than the kernel takes, and reads nothing of it for a while. */
async function ask(name, ports) {
  const client = await open(name, ports);
  client.socket.pause();
  for (let i = 0; i < ECHOES; i++) client.send(echo(i, ECHO).bytes);
  await sleep(1000 + Math.random() * 3000);
  return client;
}

/** A close frame that says how many messages were sent. */
function closeFrame(sent) {
  return frame(
    0x88,
    Buffer.concat([Buffer.from('0fa0', 'hex'), Buffer.from(`${sent}`)])
  );
}

async function leave(client, sent) {
  client.send(closeFrame(sent));
  const { first, payload } = await client.readFrame();
  assert.strictEqual(first, 0x88);
  assert.strictEqual(payload.readUInt16BE(0), 4000);
  await client.close();
}

/** The part of a path that names a misbehaviour. */
const pathOf = (name) => name.replaceAll(' ', '-');

const errors = new Map(
  Object.entries(misbehaviours).map(([name, { error }]) => [
    pathOf(name),
    error
  ])
);

/** The code of the `'error'` that the server must see. */
const errorOf = (path) => errors.get(path);

module.exports = { errorOf, misbehaviours, pathOf };
