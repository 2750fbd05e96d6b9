'use strict';

// WebSockets over streams of HTTP/2: bootstrapped by an extended CONNECT (RFC 8441), for which
// programs call setSocket() themselves, as ws takes requests of HTTP/1.1 only; and upgraded inside of
// a tunnel that a plain CONNECT makes.

const assert = require('node:assert');
const { once } = require('node:events');
const http2 = require('node:http2');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { frame, KEY } = require('../support/raw-client');
const { listen } = require('../support/serve');
const { record, turns } = require('../support/session');
const { upgradeRequest } = require('./support');

/** What a `WebSocketServer` would pass. */
const OPTIONS = {
  autoPong: true,
  closeTimeout: 30_000,
  maxPendingAutoPongs: 60
};
const LIMITS = { allowSynchronousEvents: true, maxPayload: 1024 * 1024 };

/** A server of HTTP/2 without TLS, and a session of a client. */
async function connect(t, onStream) {
  const server = http2.createServer({
    settings: { enableConnectProtocol: true }
  });
  const sessions = [];

  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });

  const port = await listen(t, server);
  const session = http2.connect(`http://127.0.0.1:${port}`);

  session.on('error', () => {});
  await once(session, 'remoteSettings');
  t.after(() => [session, ...sessions].forEach((each) => each.destroy()));
  return session;
}

/** A connection over an extended CONNECT: the server's end, and the client's stream. */
async function bootstrap({ lib, t }, onConnection) {
  let connected;
  const connection = new Promise((resolve) => (connected = resolve));
  const session = await connect(t, (stream, headers) => {
    stream.respond({ ':status': 200 });

    const ws = new lib.WebSocket(null, undefined, OPTIONS);
    ws.setSocket(stream, Buffer.alloc(0), LIMITS);
    onConnection(ws, headers);
    connected(ws);
  });
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/chat',
    'sec-websocket-version': '13'
  });
  const chunks = [];

  stream.on('error', () => {});
  stream.on('data', (chunk) => chunks.push(chunk));
  return {
    received: async (length) => {
      while (Buffer.concat(chunks).length < length) await once(stream, 'data');
      return Buffer.concat(chunks);
    },
    session,
    stream,
    ws: await connection
  };
}

/** Resolves after `'close'`. */
function closing(ws) {
  return new Promise((resolve) => ws.on('close', resolve));
}

suite('An extended CONNECT of HTTP/2 (RFC 8441)', () => {
  contract(
    'carries messages of all sizes, pings and the closing handshake',
    async (scenario) => {
      const { log } = scenario;
      const { received, stream, ws } = await bootstrap(
        scenario,
        (ws, headers) => {
          log(headers[':path'], headers[':protocol'], ws.readyState);
          ws.on('message', (data, binary) => ws.send(data, { binary }));
        }
      );
      const sizes = [];
      const closed = closing(ws);

      ws.on('message', (data, isBinary) => sizes.push([data.length, isBinary]));
      ws.on('ping', (data) => log('ping', data));
      ws.on('close', (code, reason) => log('close', code, reason));
      log(ws._socket === ws._socket.session.socket, ws.protocol);

      stream.write(frame(0x81, 'text'));
      stream.write(frame(0x89, 'ping'));
      log(await received(12));
      // More than the window of a stream.
      stream.write(frame(0x82, Buffer.alloc(200_000, 7)));
      const bytes = await received(12 + 10 + 200_000);
      log(bytes.length, bytes.subarray(12, 24));
      stream.write(frame(0x88, Buffer.from('03e8627965', 'hex')));
      log((await received(bytes.length + 7)).subarray(bytes.length));
      stream.end();
      await closed;
      log(sizes);
    },
    (log) => {
      assert.deepStrictEqual(log[0], ['/chat', 'websocket', 1]);
      assert.deepStrictEqual(log.at(-2), ['close', 1000, 'Buffer 627965']);
    }
  );

  for (const [how, go] of Object.entries({
    'the client cancels the stream': ({ stream }) =>
      stream.close(http2.constants.NGHTTP2_CANCEL),
    'the client ends the stream': ({ stream }) => stream.end(),
    'the session is destroyed': ({ session }) => session.destroy(),
    'the server resets the stream': ({ ws }) =>
      ws._socket.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
    'terminate()': ({ ws }) => ws.terminate()
  })) {
    contract(
      `${how}, in the middle of a message: 'close' 1006`,
      async (scenario) => {
        const { log } = scenario;
        const both = await bootstrap(scenario, (ws) => record(ws, log));
        const { stream, ws } = both;
        const closed = closing(ws);
        const message = once(ws, 'message');

        stream.write(frame(0x81, 'whole'));
        stream.write(frame(0x82, Buffer.alloc(1000)).subarray(0, 500));
        await message;
        go(both);
        await closed;
        await turns();
        log(ws.readyState);
      },
      (log) =>
        assert.deepStrictEqual(log.slice(-2), [
          ['close', 1006, 'Buffer ', 3],
          [3]
        ])
    );
  }

  contract(
    'a client that does not read holds the server up, and reads all later',
    async (scenario) => {
      const { log } = scenario;
      const SIZE = 4 * 1024 * 1024;
      const { received, stream, ws } = await bootstrap(scenario, () => {});
      let sent = 0;

      stream.pause();
      for (let i = 0; i < 4; i++) {
        ws.send(Buffer.alloc(SIZE / 4), () => sent++);
      }
      await turns(20);
      log(ws.bufferedAmount > 0, sent < 4);
      stream.resume();
      log((await received(SIZE + 40)).length);
      while (sent < 4) await turns(1);
      log(ws.bufferedAmount);
    },
    (log) => assert.deepStrictEqual(log, [[true, true], [4194344], [0]])
  );

  contract(
    'a protocol error is answered, and ends the stream',
    async (scenario) => {
      const { log } = scenario;
      const { received, stream, ws } = await bootstrap(scenario, (ws) =>
        record(ws, log)
      );
      const closed = closing(ws);

      stream.write(Buffer.from('8100', 'hex'));
      log(await received(4));
      stream.end();
      await closed;
    },
    (log) => assert.ok(log.some(([value]) => value === 'Buffer 880203ea'))
  );
});

contract(
  'A tunnel through a plain CONNECT of HTTP/2: handleUpgrade() at its one end, a client at the other',
  async ({ lib, log, t }) => {
    const wss = new lib.WebSocketServer({ noServer: true });
    const ends = [];
    const session = await connect(t, (stream) => {
      stream.respond({ ':status': 200 });
      let head = Buffer.alloc(0);

      stream.on('data', function onData(chunk) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) return;

        const key = /^sec-websocket-key: (.*)\r$/im.exec(head.toString());
        const req = upgradeRequest(stream);

        req.headers['sec-websocket-key'] = key ? key[1] : KEY;
        stream.removeListener('data', onData);
        wss.handleUpgrade(req, stream, head.subarray(end + 4), (ws) => {
          ends.push(closing(ws));
          ws.on('message', (data, binary) => ws.send(data, { binary }));
          ws.on('close', (code, reason) => log('server', code, reason));
        });
      });
    });
    const stream = session.request({
      ':method': 'CONNECT',
      ':authority': 'localhost:80'
    });
    stream.on('error', () => {});
    const ws = new lib.WebSocket('ws://localhost/', {
      createConnection: () => stream,
      perMessageDeflate: false
    });

    await once(ws, 'open');
    for (const size of [1, 126, 20_000, 70_000, 300_000]) {
      ws.send(Buffer.alloc(size, 5));
      const [data, isBinary] = await once(ws, 'message');
      log(
        data.length,
        data.every((byte) => byte === 5),
        isBinary
      );
    }
    const closed = closing(ws);
    ws.on('close', (code, reason) => log('client', code, reason));
    ws.close(3000, 'bye');
    await closed;
    await Promise.all(ends);
  },
  (log) => assert.deepStrictEqual(log[4], [300_000, true, true])
);
