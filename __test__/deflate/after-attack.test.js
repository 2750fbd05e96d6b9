'use strict';

// What an attack on the finished code brought to light of compression.

const assert = require('node:assert');
const path = require('node:path');
const { test } = require('node:test');

const { Child } = require('../support/child');
const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { memoryPair, upgradeRequest } = require('../streams/support');
const { ends, FIN, ROLES, RSV1 } = require('./ends');
const { NAME } = require('./support');

const BINARY = FIN | RSV1 | 0x02;

const WITHOUT_PUMP = ['-r', path.join(__dirname, '../support/without-pump.js')];

/** An empty block (RFC 1951 §3.2.4). */
const EMPTY_BLOCK = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);

/** How a stream goes on whose connection has work elsewhere, and what is told of it. */
const GOINGS_ON = {
  'stays open': [['message', 10_000_000]],
  'ends while a message is being decompressed': [
    ['message', 10_000_000],
    ['close', 1006]
  ],
  'is destroyed while a message is being decompressed': [
    ['message', 10_000_000],
    ['close', 1006]
  ],
  'is sent a large message': [['sent', null]]
};

for (const [name, execArgv] of [
  ['', []],
  [', without a pump', WITHOUT_PUMP]
]) {
  for (const [how, expected] of Object.entries(GOINGS_ON)) {
    contract(
      `a process whose last stream ${how} does not end before that is told${name}`,
      async ({ log, name, t }) => {
        const body = `(given) =>
          (${program})({ ...given, how: ${JSON.stringify(how)} })`;
        const child = new Child(t, name, body, execArgv);
        for (let i = 0; i < expected.length; i++) {
          log(...(await child.next()));
        }
        log(await child.end());
      },
      (log) => assert.deepStrictEqual(log, [...expected, [0]])
    );
  }
}

/** A server with a connection over a stream in memory, which keeps no process alive. */
function program({ how, lib, say, support }) {
  const { Duplex } = require('stream');
  const zlib = require('zlib');
  const { frame } = support('raw-client');
  const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
  const stream = new Duplex({
    read() {},
    write: (chunk, encoding, callback) => callback()
  });
  const headers = {
    upgrade: 'websocket',
    'sec-websocket-extensions': 'permessage-deflate',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13'
  };
  const wss = new lib.WebSocketServer({
    noServer: true,
    perMessageDeflate: true
  });

  wss.handleUpgrade(
    { headers, method: 'GET', socket: stream, url: '/' },
    stream,
    Buffer.alloc(0),
    (ws) => {
      ws.on('message', (data) => say(['message', data.length]));
      ws.on('close', (code) => say(['close', code]));

      if (how === 'is sent a large message') {
        ws.send(Buffer.alloc(1_000_000), (err) => say(['sent', err ?? null]));
        return;
      }

      const message = zlib.deflateRawSync(Buffer.alloc(10_000_000), options);
      stream.push(frame(0xc2, message.subarray(0, -4)));
      if (how.startsWith('ends')) stream.push(null);
      // It has read the message then.
      if (how.startsWith('is destroyed')) {
        setImmediate(() => setImmediate(() => stream.destroy()));
      }
    }
  );
}

for (const role of ROLES) {
  contract(
    `a ${role} emits one error for a message that is too long, whatever follows it`,
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer } = await ends(scenario, role, {
        onConnection(ws) {
          ws.on('message', (data) => log(data.length));
          ws.on('error', log);
          ws.on('close', (code) => log('close', code));
        },
        others: { maxPayload: 1_000_000 }
      });
      const fragment = await peer.compress(Buffer.alloc(2_000_000), false);

      peer.frame(RSV1 | 0x02, fragment);
      for (let i = 0; i < 10; i++) peer.frame(0x00, fragment);
      peer.raw.socket.end();
      await closed;
    },
    (log) => {
      assert.strictEqual(log.length, 2);
      assert.deepStrictEqual(log[1], ['close', 1006]);
    }
  );
}

test('A frame that brings nothing, and is long, is looked at elsewhere', async (t) => {
  const [near, far] = memoryPair();
  const wss = new libraries.ferrows.WebSocketServer({
    noServer: true,
    perMessageDeflate: true
  });
  const req = upgradeRequest(near);
  req.headers['sec-websocket-extensions'] = NAME;
  const connected = new Promise((resolve) => {
    wss.handleUpgrade(req, near, Buffer.alloc(0), resolve);
  });
  t.after(() => [near, far].forEach((stream) => stream.destroy()));
  const ws = await connected;
  const messages = [];
  const received = new Promise((resolve) => {
    ws.on('message', (data) => {
      messages.push(data.length);
      resolve();
    });
  });

  near.emit('data', frame(BINARY, Buffer.alloc(500_000, EMPTY_BLOCK)));

  // Decoded here, it would have been emitted: a large chunk is not collected.
  assert.deepStrictEqual(messages, []);
  await received;
  assert.deepStrictEqual(messages, [0]);
});

test('releaseAfter counts without a pump, too', async (t) => {
  const child = new Child(
    t,
    'ferrows',
    async ({ lib, say }) => {
      const wss = new lib.WebSocketServer({
        port: 0,
        perMessageDeflate: { releaseAfter: 1, threshold: 0 }
      });
      const data = require('crypto').randomBytes(1000);
      const sizes = [];

      wss.on('connection', (ws) => {
        const send = () => {
          const before = ws._socket.bytesWritten;
          ws.send(data, () => {
            sizes.push(ws._socket.bytesWritten - before > 500);
            // The second refers to the first, until the context is released.
            if (sizes.length === 100 || (sizes.length > 1 && sizes.at(-1))) {
              say(sizes.at(-1));
              process.exit();
            }
            setTimeout(send, 2 ** Math.min(sizes.length, 6));
          });
        };
        send();
      });
      wss.on('listening', () => {
        new lib(`ws://127.0.0.1:${wss.address().port}`).on('message', () => {});
      });
    },
    WITHOUT_PUMP
  );

  assert.strictEqual(await child.next(), true);
});
