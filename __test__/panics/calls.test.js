'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { PassThrough } = require('node:stream');
const { test } = require('node:test');

const { libraries } = require('../support/libraries');
const { asking, within } = require('./support');

const { extension, PerMessageDeflate, Receiver, Sender, subprotocol } =
  libraries.ferrows;

const INTERNAL = { code: 'FERROWS_ERR_INTERNAL' };

test('the parsers throw an internal error, and no SyntaxError', () => {
  assert.throws(() => extension.parse(asking('extensions')), INTERNAL);
  assert.throws(() => subprotocol.parse(asking('subprotocols')), INTERNAL);
  assert.throws(() => subprotocol.parse(';'), SyntaxError);
});

test('extension.format() throws an internal error', async () => {
  await within('formatting', () => {
    assert.throws(() => extension.format({ foo: {} }), INTERNAL);
  });
});

test('Sender.frame() throws an internal error', async () => {
  const options = { fin: true, mask: true, opcode: 2, readOnly: true };

  assert.throws(() => {
    Sender.frame(Buffer.from(asking('masking')), options);
  }, INTERNAL);
  await within('framing', () => {
    assert.throws(() => Sender.frame(Buffer.alloc(1), options), INTERNAL);
  });
});

test('close() of a Sender throws an internal error', () => {
  const sender = new Sender(new PassThrough());
  assert.throws(() => sender.close(1000, asking('closing')), INTERNAL);
});

test('send() of a Sender tells its callback, and those of all that follow', async () => {
  const socket = new PassThrough();
  const sender = new Sender(socket);
  const errors = [];
  const told = new Promise((resolve) => (sender.onerror = resolve));
  const note = (error) => errors.push(error.code);

  await within('framing', () => sender.send('one', { fin: true }, note));
  sender.send('two', { fin: true }, note);

  assert.strictEqual((await told).code, INTERNAL.code);
  assert.deepStrictEqual(errors, [INTERNAL.code, INTERNAL.code]);
  assert.strictEqual(socket.read(), null);
});

test('a Receiver has an error', async () => {
  const receiver = new Receiver();
  const payload = asking('decoding');
  const header = Buffer.from([0x81, payload.length]);
  const errored = once(receiver, 'error');

  receiver.write(Buffer.concat([header, Buffer.from(payload)]));

  const [error] = await errored;
  assert.strictEqual(error.code, INTERNAL.code);
});

for (const [method, place] of [
  ['compress', 'compressing'],
  ['decompress', 'decompressing']
]) {
  test(`${method}() of a PerMessageDeflate tells its callback`, async () => {
    const codec = new PerMessageDeflate({ threshold: 0 });
    const peer = new PerMessageDeflate({ threshold: 0 });
    for (const each of [codec, peer]) each.accept([{}]);

    // What decompresses to what asks for a panic cannot be made by what panics over it.
    const data =
      method === 'compress'
        ? Buffer.from(asking(place))
        : require('node:zlib').deflateRawSync(asking(place));
    const error = await new Promise((resolve) => {
      codec[method](data, true, resolve);
    });

    assert.strictEqual(error.code, INTERNAL.code);
  });
}
