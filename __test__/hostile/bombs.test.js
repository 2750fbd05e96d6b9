'use strict';

// Compressed messages that are a thousand times as long as what was sent.

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { Child } = require('../support/child');

const MIB = 1024 * 1024;

/**
 * Sends bombs to connections of a role, in a process of its own, and says what became of the connections and by how
 * much the memory of the process had grown at most.
 */
function program({ lib, limits, many, role, say, size, support }) {
  const zlib = require('zlib');
  const { frame, RawClient } = support('raw-client');
  const { response } = support('raw-server');
  const { unmasked } = support('../faults/support');
  const extension = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
  const options = { perMessageDeflate: true, ...limits };
  // Made by pieces: the process is to be small before.
  const zeros = Buffer.alloc(1024 * 1024);
  const deflate = zlib.createDeflateRaw();
  const chunks = [];
  const outcomes = {};
  let peak = 0;
  let ended = 0;
  let start;

  const count = (what) => (outcomes[what] = (outcomes[what] ?? 0) + 1);
  const follow = (ws) => {
    ws.on('message', (data) => count(data.length));
    ws.on('error', (error) => count(error.code));
    ws.on('close', (code) => {
      count(code);
      if (++ended < many) return;
      say({
        grown: peak - start,
        outcomes,
        sent: Buffer.concat(chunks).length
      });
      process.exit();
    });
  };
  const bomb = (make, socket) => {
    const payload = Buffer.concat(chunks);
    start ??= process.memoryUsage().rss;
    socket.end(make(0xc2, payload));
  };

  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 1);
  deflate.on('data', (chunk) => chunks.push(chunk));
  for (let i = 0; i < size; i += zeros.length) deflate.write(zeros);
  deflate.flush(zlib.constants.Z_SYNC_FLUSH, async () => {
    if (role === 'server') {
      const wss = new lib.WebSocketServer({ ...options, port: 0 }, async () => {
        const { port } = wss.address();
        for (let i = 0; i < many; i++) {
          RawClient.open(port, { headers: extension }).then(({ socket }) =>
            bomb(frame, socket)
          );
        }
      });
      wss.on('connection', follow);
      return;
    }
    const net = require('net');
    const server = net.createServer(async (socket) => {
      const peer = new RawClient(socket);
      peer.send(response(await peer.readHead(), { headers: extension }));
      bomb(unmasked, socket);
    });
    server.listen(0, () => {
      const url = `ws://127.0.0.1:${server.address().port}`;
      for (let i = 0; i < many; i++) follow(new lib(url, options));
    });
  });
}

async function explode(t, name, given) {
  const source = `(rest) => (${program})({ ...rest, ...${JSON.stringify(given)} })`;
  const result = await new Child(t, name, source).next();
  t.diagnostic(
    `${result.grown} bytes more, of ${given.many} times ${given.size}`
  );
  assert.ok(result.sent < given.size / 500, `${result.sent} bytes were sent`);
  return result;
}

const CODE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

for (const name of ['ferrows', 'streams']) {
  for (const role of ['server', 'client']) {
    suite(`A ${role} that is sent bombs: ${name}`, () => {
      test('20 of 64 MiB, with maxPayload 1 MiB: all fail by 1009, and little more than maxPayload is held of each', async (t) => {
        const { grown, outcomes } = await explode(t, name, {
          many: 20,
          limits: { maxPayload: MIB },
          role,
          size: 64 * MIB
        });
        assert.deepStrictEqual(outcomes, { 1006: 20, [CODE]: 20 });
        // All of it would be 1.3 GB.
        assert.ok(grown < 120e6, `${grown}`);
      });

      test('one of 250 MiB, with the default of 100 MiB', async (t) => {
        const { grown, outcomes } = await explode(t, name, {
          many: 1,
          role,
          size: 250 * MIB
        });
        assert.deepStrictEqual(outcomes, { 1006: 1, [CODE]: 1 });
        assert.ok(grown < 200e6, `${grown}`);
      });
    });
  }
}
