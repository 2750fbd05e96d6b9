'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const net = require('node:net');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { RawServer, response } = require('../support/raw-server');
const { turns } = require('../support/session');
const { after, dial, follow } = require('./support');

/** Dials a raw server that answers with `options`; logs what becomes of it. */
async function answer({ lib, log, t }, options, ...args) {
  const raw = await RawServer.start(t);
  const ws = dial({ lib, t }, raw.port, ...args);
  const closed = follow(ws, log);
  const peer = await raw.upgrade(options);
  await closed;
  await turns();
  // The client's end is gone, too.
  log(await peer.readToEnd(), ws.protocol, ws._socket);
}

/** Sees that the error of each handshake has this text, and that all is in its order. */
function failsWith(text) {
  return (log) => {
    const errors = log.filter(([event]) => event === 'error');
    const closes = log.filter(([event]) => event === 'close');
    assert.notStrictEqual(errors.length, 0);
    assert.strictEqual(errors.length, closes.length);
    for (const [, { message }, readyState] of errors) {
      assert.strictEqual(message, text);
      assert.strictEqual(readyState, 2);
    }
    for (const close of closes) {
      assert.deepStrictEqual(close, ['close', 1006, 'Buffer ', 3]);
    }
    assert.ok(log.every(([event]) => event !== 'open'));
  };
}

suite('a response that is no good (WS-CONTRACT 31, RFC 6455 §4.1)', () => {
  contract(
    'for its Upgrade header',
    async (scenario) => {
      for (const Upgrade of ['foo', 'websocket, h2c', 'websockets']) {
        await answer(scenario, { headers: { Upgrade } });
      }
    },
    failsWith('Invalid Upgrade header')
  );

  contract('but its Upgrade header is right in any case', async (scenario) => {
    const { lib, log, t } = scenario;
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    const closed = follow(ws, log);
    const peer = await raw.upgrade({
      behind: '8800',
      headers: { Connection: 'upgrade', Upgrade: 'WebSocket' }
    });
    await peer.readToEnd();
    await closed;
  });

  contract(
    'for its Sec-WebSocket-Accept header',
    async (scenario) => {
      for (const accept of [
        null,
        '',
        'foo',
        // Another key's.
        's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
      ]) {
        await answer(scenario, {
          headers: { 'Sec-WebSocket-Accept': accept }
        });
      }
    },
    failsWith('Invalid Sec-WebSocket-Accept header')
  );

  contract(
    'as it has no subprotocol',
    async (scenario) => {
      await answer(scenario, {}, 'foo');
      await answer(scenario, {}, ['foo', 'bar']);
    },
    failsWith('Server sent no subprotocol')
  );

  contract(
    'as its subprotocol was not offered',
    async (scenario) => {
      for (const protocol of ['baz', '', 'FOO', 'foo, bar', 'foo,bar']) {
        await answer(
          scenario,
          { headers: { 'Sec-WebSocket-Protocol': protocol } },
          ['foo', 'bar']
        );
      }
    },
    failsWith('Server sent an invalid subprotocol')
  );

  contract(
    'as it has a subprotocol and none was offered',
    async (scenario) => {
      for (const protocol of ['foo', '']) {
        await answer(scenario, {
          headers: { 'Sec-WebSocket-Protocol': protocol }
        });
      }
    },
    failsWith('Server sent a subprotocol but none was requested')
  );

  contract(
    'as it has an extension that was not offered',
    async (scenario) => {
      for (const extensions of [
        'permessage-deflate',
        'permessage-deflate; client_max_window_bits=10',
        'foo',
        '',
        ';;'
      ]) {
        await answer(scenario, {
          headers: { 'Sec-WebSocket-Extensions': extensions }
        });
      }
    },
    failsWith(
      'Server sent a Sec-WebSocket-Extensions header but no extension was ' +
        'requested'
    )
  );

  contract('in several ways: the first counts', async (scenario) => {
    const wrong = {
      Upgrade: 'foo',
      'Sec-WebSocket-Accept': 'foo',
      'Sec-WebSocket-Protocol': 'foo',
      'Sec-WebSocket-Extensions': 'foo'
    };
    const names = Object.keys(wrong);

    while (names.length !== 0) {
      const headers = Object.fromEntries(
        names.map((name) => [name, wrong[name]])
      );
      await answer(scenario, { headers });
      names.shift();
    }
  });

  contract(
    'for its status',
    async (scenario) => {
      for (const status of ['200 OK', '401 Unauthorized', '404 Nope', '503 ']) {
        await answer(scenario, { status, headers: { Upgrade: null } });
      }
    },
    (log) => {
      const texts = log
        .filter(([event]) => event === 'error')
        .map(([, { message }]) => message);
      assert.deepStrictEqual(texts, [
        'Unexpected server response: 200',
        'Unexpected server response: 401',
        'Unexpected server response: 404',
        'Unexpected server response: 503'
      ]);
    }
  );

  contract('as a status of redirection is no upgrade', async (scenario) => {
    for (const [status, location] of [
      ['301 Moved', '/other'],
      ['302 Found', null],
      ['307 Temporary', 'ws://localhost']
    ]) {
      await answer(scenario, {
        status,
        headers: { Location: location, Upgrade: null }
      });
    }
  });

  contract('as 101 that upgrades nothing', async (scenario) => {
    await answer(scenario, { headers: { Connection: null } });
    await answer(scenario, { headers: { Connection: 'close' } });
    await answer(scenario, { headers: { Upgrade: null } });
    await answer(scenario, { headers: { Upgrade: '' } });
  });

  contract('as it is not HTTP', async ({ lib, log, t }) => {
    for (const bytes of [
      'garbage\r\n\r\n',
      'HTTP/1.1 abc\r\n\r\n',
      'HTTP/1.1 101 X\r\nUpgrade websocket\r\n\r\n',
      '\x81\x05hello'
    ]) {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      ws.on('error', ({ code }) => log('error', code, ws.readyState));
      const closed = after(ws, 'close');
      (await raw.request()).send(Buffer.from(bytes, 'latin1'));
      await closed;
      log(ws.readyState);
    }
  });
});

suite('no response (WS-CONTRACT 31)', () => {
  contract('as nobody listens', async ({ lib, log, t }) => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');

    const ws = dial({ lib, t }, port);
    ws.on('error', ({ code, message }) =>
      log(code, message.replace(String(port), 'PORT'), ws.readyState)
    );
    await after(ws, 'close');
    log(ws.readyState);
  });

  contract('as the server hangs up', async ({ lib, log, t }) => {
    for (const hangUp of [
      ({ socket }) => socket.end(),
      ({ socket }) => socket.destroy(),
      (peer) => peer.reset(),
      ({ socket }) => socket.end('HTTP/1.1 101 Switching'),
      ({ request, socket }) => socket.end(response(request).subarray(0, -2))
    ]) {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      const closed = follow(ws, log);
      hangUp(await raw.request());
      await closed;
    }
  });

  contract(
    'in time: handshakeTimeout',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      // Nothing at all; half a response.
      for (const bytes of ['', 'HTTP/1.1 101 Switching Protocols\r\n']) {
        const ws = dial({ lib, t }, raw.port, { handshakeTimeout: 50 });
        const closed = follow(ws, log);
        // A slow machine may not get as far as the request.
        const peer = await Promise.race([raw.request(), closed]);
        peer?.send(Buffer.from(bytes));
        await closed;
        await peer?.readToEnd();
      }
    },
    failsWith('Opening handshake has timed out')
  );

  contract('in time, as no connection is made', async ({ lib, log, t }) => {
    // Its timer alone does not keep the process.
    await RawServer.start(t);
    const ws = dial({ lib, t }, 'ws://example.test', {
      handshakeTimeout: 50,
      lookup() {}
    });
    await follow(ws, log);
  });

  contract('in time, as it is never ended', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port, {
      finishRequest() {},
      handshakeTimeout: 50
    });
    await follow(ws, log);
  });

  contract(
    'in time, and handshakeTimeout is of no concern after it',
    async ({ lib, log, t }) => {
      // A slow machine needs more time for the handshake.
      for (const handshakeTimeout of [50, 500, 5000]) {
        const entries = [];
        const raw = await RawServer.start(t);
        const ws = dial({ lib, t }, raw.port, { handshakeTimeout });
        const closed = follow(ws, (...values) => entries.push(values));
        const peer = await Promise.race([raw.upgrade(), closed]);
        await Promise.race([after(ws, 'open'), closed]);
        if (ws.readyState !== ws.OPEN) continue;

        // A timer that was made later, for longer, than the handshake's.
        await new Promise((resolve) =>
          setTimeout(resolve, 2 * handshakeTimeout)
        );
        peer.send('8100 8800');
        await closed;
        for (const entry of entries) log(...entry);
        return;
      }
    },
    (log) => assert.deepStrictEqual(log.at(-1).slice(0, 2), ['close', 1005])
  );
});

suite('what a client is after its handshake has failed', () => {
  contract('closed, whatever is called', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port);
    ws.on('error', () => {
      log(ws.readyState, ws._socket, ws.bufferedAmount);
      ws.close();
      ws.terminate();
      ws.send('four', (error) => log(error));
      log(ws.bufferedAmount);
    });
    const closed = follow(ws, log);
    await raw.upgrade({ status: '400 Bad', headers: { Upgrade: null } });
    await closed;
    ws.close();
    ws.terminate();
    ws.pause();
    ws.resume();
    ws.ping('six..', (error) => log(error));
    log(ws.bufferedAmount, ws.isPaused, ws._socket, ws.extensions);
    await turns();
  });

  contract(
    'the same, failing at the upgraded socket',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      ws.on('error', () => {
        ws.close();
        ws.terminate();
        ws.send('four', (error) => log(error));
        log(ws.readyState, ws._socket, ws.bufferedAmount);
      });
      const closed = follow(ws, log);
      await raw.upgrade({ headers: { Upgrade: 'foo' } });
      await closed;
      await turns();
    }
  );
});
