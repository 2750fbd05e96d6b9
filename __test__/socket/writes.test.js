'use strict';

const assert = require('node:assert');
const { once } = require('node:events');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { pair } = require('../support/serve');

/** All that the client receives, with both ends closed afterwards. */
async function everything({ ws, client }) {
  const closed = new Promise((resolve) => ws.on('close', resolve));
  const bytes = await client.readToEnd();
  client.socket.end();
  await closed;
  return bytes;
}

contract(
  'raw writes go out in order with frames (WS-CONTRACT 28)',
  async ({ lib, log, t }) => {
    const both = await pair(t, lib);
    const { ws } = both;
    const { _socket: socket } = ws;

    ws.send('1', () => log('sent 1'));
    log(socket.write('raw 1;', () => log('written 1')));
    ws.ping('2', undefined, () => log('sent 2'));
    socket.write(Buffer.from('raw 2;'), () => log('written 2'));
    socket.write('cmF3IDM7', 'base64', () => log('written 3'));
    socket.write(new Uint8Array([0xff, 0x00]));
    ws.send(Buffer.from('3'), () => log('sent 3'));
    socket.write('\u00e4', 'latin1');
    socket.write('\u00e4');
    ws.send('4');
    socket.end('end', () => log('ended'));
    log(await everything(both));
  },
  (log) => {
    const [bytes] = log.at(-1);
    assert.strictEqual(
      bytes,
      'Buffer ' +
        '810131' +
        Buffer.from('raw 1;').toString('hex') +
        '890132' +
        Buffer.from('raw 2;raw 3;').toString('hex') +
        'ff00' +
        '820133' +
        'e4c3a4' +
        '810134' +
        Buffer.from('end').toString('hex')
    );
  }
);

contract(
  'raw writes of all sizes keep their order among frames of all sizes (WS-CONTRACT 28)',
  async ({ lib, log, t }) => {
    const both = await pair(t, lib);
    const { ws } = both;
    const sizes = [0, 1, 125, 126, 4096, 4097, 16_383, 16_384, 70_000, 500_000];

    for (const [index, size] of sizes.entries()) {
      ws._socket.write(Buffer.alloc(size, 0x60 + index));
      ws.send(Buffer.alloc(size, 0x40 + index));
      ws._socket.write('x'.repeat(size % 50));
    }
    ws._socket.end();
    const bytes = await everything(both);
    const digest = require('node:crypto').createHash('sha1').update(bytes);
    log(bytes.length, digest.digest('hex'));
  }
);

contract(
  'what was written while corked goes out together when uncorked (WS-CONTRACT 28)',
  async ({ lib, log, t }) => {
    const both = await pair(t, lib);
    const { ws } = both;
    const { _socket: socket } = ws;

    socket.cork();
    socket.write('a');
    socket.write('YmM=', 'base64');
    socket.write(Buffer.from('d'), () => log('written'));
    log(socket.writableCorked);
    socket.uncork();
    ws.send('after');
    socket.end();
    log(await everything(both));
  },
  (log) => {
    assert.deepStrictEqual(log.at(-1), ['Buffer 6162636481056166746572']);
  }
);

contract(
  'cork() holds frames back like what is written (WS-CONTRACT 28)',
  async ({ lib, log, t }) => {
    const both = await pair(t, lib);
    const { ws, client } = both;
    const { _socket: socket } = ws;

    socket.cork();
    socket.write('a;');
    ws.send('b');
    socket.write('c;');
    ws.send('d');
    process.nextTick(() => socket.uncork());
    log(await client.read(10));
    socket.end();
    log(await everything(both));
  },
  (log) => {
    assert.deepStrictEqual(log[0], ['Buffer 613b810162633b810164']);
  }
);

for (const [how, end, bytes] of [
  ['end()', (socket) => socket.end(), '8105' + hex('first')],
  ['end(data)', (socket) => socket.end('bye'), '8105' + hex('firstbye')],
  ['destroy()', (socket) => socket.destroy(), '8105' + hex('first')],
  ['destroySoon()', (socket) => socket.destroySoon(), '8105' + hex('first')]
]) {
  contract(
    `${how} acts after the frames that were sent before (WS-CONTRACT 28)`,
    async ({ lib, log, t }) => {
      const both = await pair(t, lib);
      const { ws } = both;

      ws.send('first');
      end(ws._socket);
      log(ws._socket.destroyed, ws._socket.writableEnded);
      ws.on('close', (code, reason) => log('close', code, reason));
      log(await everything(both));
    },
    (log) => {
      const [received] = log.find(([value]) => /^Buffer/.test(value));
      assert.strictEqual(received, `Buffer ${bytes}`);
    }
  );
}

function hex(text) {
  return Buffer.from(text).toString('hex');
}

contract(
  'resetAndDestroy() has the peer see RST after the frames sent before (WS-CONTRACT 28)',
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);
    const { _socket: socket } = ws;
    const closed = new Promise((resolve) => ws.on('close', resolve));
    const gone = new Promise((resolve) => client.socket.on('close', resolve));

    ws.send('first');
    log(await client.readFrame());
    log(socket.resetAndDestroy() === socket, socket.destroyed);
    log(await closed);
    await gone;
    log(client.error);
  },
  (log) => assert.strictEqual(log.at(-1)[0].code, 'ECONNRESET')
);

contract(
  'a write after end() or destroy() fails, and throws nothing (WS-CONTRACT 28)',
  async ({ lib, log, t }) => {
    for (const end of ['end', 'destroy']) {
      const { ws, client } = await pair(t, lib);
      const closed = new Promise((resolve) => ws.on('close', resolve));
      const failed = new Promise((resolve) => {
        ws._socket[end]();
        ws._socket.write('late', resolve);
      });

      log(end, await failed);
      client.socket.end();
      log(await closed);
    }
  },
  ([[, error]]) => assert.strictEqual(error.code, 'ERR_STREAM_WRITE_AFTER_END')
);

contract(
  'send() after _socket.end() or _socket.destroy() throws nothing, and its callback gets an error',
  async ({ lib, log, t }) => {
    for (const end of ['end', 'destroy']) {
      const { ws, client } = await pair(t, lib);
      const closed = new Promise((resolve) => ws.on('close', resolve));
      ws.on('error', () => {});

      ws._socket[end]();
      const error = await new Promise((resolve) => ws.send('late', resolve));
      log(end, error instanceof Error);
      client.socket.end();
      log(await closed);
    }
  },
  (log) => assert.deepStrictEqual(log[0], ['end', true])
);

const LISTS = [
  ['text', { fin: true, opcode: 1, mask: false, readOnly: false, rsv1: false }],
  ['', { fin: true, opcode: 2 }],
  [Buffer.alloc(126, 'a'), { fin: false, opcode: 2, rsv1: false }],
  [Buffer.alloc(65_536, 'b'), { fin: true, opcode: 0, readOnly: true }],
  [Buffer.from('rsv'), { fin: true, opcode: 1, rsv1: true }],
  ['\u00e4\u20ac', { fin: true, opcode: 1 }],
  [Buffer.from('ping'), { fin: true, opcode: 9 }],
  [Buffer.from([0x03, 0xe8]), { fin: true, opcode: 8 }]
];

contract(
  'Sender.frame(data, options) makes the header and leaves the payload (WS-CONTRACT 28)',
  ({ lib, log }) => {
    for (const [data, options] of LISTS) {
      const bytes = Buffer.from(data);
      const list = lib.Sender.frame(bytes, { mask: false, ...options });

      log(Array.isArray(list), Buffer.concat(list));
      log(bytes.length === 0 || list[1] === bytes);
    }
  },
  (log) => {
    assert.strictEqual(log[0][1], `Buffer 8104${hex('text')}`);
    assert.strictEqual(log[2][1], 'Buffer 8200');
    assert.ok(log[4][1].startsWith('Buffer 027e007e6161'));
    assert.ok(log[6][1].startsWith('Buffer 807f00000000000100006262'));
    assert.strictEqual(log[8][1], `Buffer c103${hex('rsv')}`);
  }
);

contract(
  'ws._sender.sendFrame(Sender.frame(…), cb) writes the frame in order, to many (WS-CONTRACT 28)',
  async ({ lib, log, t }) => {
    const connections = [await pair(t, lib), await pair(t, lib)];

    // As socket.io's adapter does: framed once, sent to many.
    for (const [data, options] of LISTS.filter(([, { rsv1 }]) => !rsv1)) {
      const list = lib.Sender.frame(Buffer.from(data), options);
      for (const { ws } of connections) {
        ws.send('before');
        await new Promise((resolve) => {
          ws._sender.sendFrame(list, (err) => resolve(log('sent', err)));
        });
        ws._sender.sendFrame(list);
      }
    }
    for (const both of connections) {
      both.ws.terminate();
      const bytes = await everything(both);
      log(bytes.length, bytes.subarray(0, 40), bytes.subarray(-12));
    }
  },
  (log) => assert.strictEqual(log[0][0], 'sent')
);

contract(
  'Sender.frame() of a string frames its UTF-8, and sendFrame() sends it (WS-CONTRACT 28)',
  async ({ lib, log, t }) => {
    const both = await pair(t, lib);

    for (const text of ['text', '\u00e4\u20ac', '']) {
      const options = { fin: true, opcode: 1, mask: false };
      both.ws._sender.sendFrame(lib.Sender.frame(text, options));
    }
    both.ws._socket.end();
    log(await everything(both));
  },
  ([[bytes]]) => {
    assert.strictEqual(bytes, 'Buffer 8104746578748105c3a4e282ac8100');
  }
);

contract(
  "ws._receiver.removeAllListeners('ping') does not throw, and the connection goes on (WS-CONTRACT 28)",
  async ({ lib, log, t }) => {
    const { ws, client } = await pair(t, lib);

    log(typeof ws._receiver.removeAllListeners('ping'));
    client.send(frame(0x81, 'x'));
    log(await once(ws, 'message'));
  }
);
