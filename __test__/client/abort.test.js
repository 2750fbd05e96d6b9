'use strict';

const assert = require('node:assert');
const http = require('node:http');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { RawServer, response } = require('../support/raw-server');
const { serve, listen } = require('../support/serve');
const { turns } = require('../support/session');
const { after, dial, follow, thrown } = require('./support');

const METHODS = ['close', 'terminate'];

/** What a client emits that was given up while CONNECTING. */
const GIVEN_UP = [
  [
    'error',
    {
      name: 'Error',
      message: 'WebSocket was closed before the connection was established'
    },
    2
  ],
  ['close', 1006, 'Buffer ', 3]
];

/** Sees that all clients were given up so, and that none was open. */
function givenUp(log) {
  const events = log.filter(([event]) =>
    ['error', 'close', 'open'].includes(event)
  );
  assert.notStrictEqual(events.length, 0);
  while (events.length !== 0) {
    assert.deepStrictEqual(events.splice(0, 2), GIVEN_UP);
  }
}

/** Gives a client up, and logs that this is of no effect at once. */
function giveUp(ws, method, log, ...args) {
  log('before', ws.readyState);
  ws[method](...args);
  log('after', ws.readyState);
}

suite('close() and terminate() while CONNECTING (WS-CONTRACT 32)', () => {
  contract(
    'in the tick of the constructor',
    async ({ lib, log, t }) => {
      const { port } = await serve(t, lib);

      for (const method of METHODS) {
        const ws = dial({ lib, t }, port);
        const closed = follow(ws, log);
        giveUp(ws, method, log);
        await closed;
      }
    },
    givenUp
  );

  contract(
    'in the next ticks',
    async ({ lib, log, t }) => {
      for (const method of METHODS) {
        for (const wait of [
          () => null,
          () => new Promise(process.nextTick),
          () => turns(1)
        ]) {
          const raw = await RawServer.start(t);
          const ws = dial({ lib, t }, raw.port);
          const closed = follow(ws, log);
          await wait();
          giveUp(ws, method, log);
          await closed;
        }
      }
    },
    givenUp
  );

  contract(
    'while the name is looked up, and after it',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const method of METHODS) {
        let answer;
        const ws = dial({ lib, t }, `ws://example.test:${raw.port}`, {
          lookup(hostname, options, callback) {
            answer = () =>
              options.all
                ? callback(null, [{ address: '127.0.0.1', family: 4 }])
                : callback(null, '127.0.0.1', 4);
          }
        });
        const closed = follow(ws, log);
        giveUp(ws, method, log);
        await closed;
        answer?.();
        await turns();
      }
    },
    givenUp
  );

  contract(
    'while the server thinks: it sees the end of the connection',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const method of METHODS) {
        const ws = dial({ lib, t }, raw.port);
        const closed = follow(ws, log);
        const peer = await raw.request();
        giveUp(ws, method, log);
        await closed;
        log(await peer.readToEnd());
      }
    },
    givenUp
  );

  contract(
    'while half of the response is there',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const method of METHODS) {
        const ws = dial({ lib, t }, raw.port);
        const closed = follow(ws, log);
        const peer = await raw.request();
        peer.send(response(peer.request).subarray(0, 40));
        await turns(5);
        giveUp(ws, method, log);
        await closed;
        log(await peer.readToEnd());
      }
    },
    givenUp
  );

  contract(
    "in 'upgrade', when the response is there",
    async ({ lib, log, t }) => {
      for (const method of METHODS) {
        const raw = await RawServer.start(t);
        const ws = dial({ lib, t }, raw.port);
        const closed = follow(ws, log);
        ws.on('upgrade', () => giveUp(ws, method, log));
        const peer = await raw.upgrade({ behind: '8102 6869' });
        await closed;
        await turns();
        log(await peer.readToEnd(), ws._socket);
      }
    },
    (log) => givenUp(log.filter(([event]) => event !== 'upgrade'))
  );

  contract(
    'while the request is not ended: finishRequest',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const method of METHODS) {
        const ws = dial({ lib, t }, raw.port, { finishRequest() {} });
        const closed = follow(ws, log);
        giveUp(ws, method, log);
        await closed;
      }
    },
    givenUp
  );

  contract(
    'in finishRequest: there is nobody to listen yet',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const method of METHODS) {
        const ws = dial({ lib, t }, raw.port, {
          finishRequest(req, websocket) {
            giveUp(websocket, method, log);
            req.end();
          }
        });
        await follow(ws, log);
      }
    },
    givenUp
  );

  contract(
    'with a code, even a bad one',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const args of [
        [1000, 'bye'],
        [4000],
        [99],
        ['x'],
        [1000, 'r'.repeat(200)]
      ]) {
        const ws = dial({ lib, t }, raw.port);
        const closed = follow(ws, log);
        giveUp(ws, 'close', log, ...args);
        await closed;
      }
    },
    givenUp
  );

  contract(
    'is done once: what is called after it is of no effect',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const [first, second] of [
        ['close', 'close'],
        ['close', 'terminate'],
        ['terminate', 'close'],
        ['terminate', 'terminate']
      ]) {
        const ws = dial({ lib, t }, raw.port);
        const closed = follow(ws, log);
        ws[first]();
        ws[second]();
        await closed;
        ws[second]();
        log(ws.readyState);
        await turns();
      }
    },
    (log) => givenUp(log.filter(([event]) => typeof event === 'string'))
  );

  contract(
    "in the listener of 'error': it is of no effect",
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const method of METHODS) {
        const ws = dial({ lib, t }, raw.port);
        ws.on('error', () => giveUp(ws, method, log));
        const closed = follow(ws, log);
        ws.close();
        await closed;
      }
    }
  );

  contract(
    'by a handler of the EventTarget side, too',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      ws.onerror = ({ error, message, target, type }) =>
        log(type, error, message, target === ws, ws.readyState);
      const closed = new Promise((resolve) => {
        ws.onclose = ({ code, reason, wasClean }) => {
          log(code, reason, wasClean, ws.readyState);
          resolve();
        };
      });
      ws.close();
      await closed;
    }
  );

  contract(
    'of wss, before and after TLS is agreed on',
    async ({ lib, log, t }) => {
      // A server that never answers the ClientHello.
      const raw = await RawServer.start(t);

      for (const method of METHODS) {
        const ws = dial({ lib, t }, `wss://127.0.0.1:${raw.port}`);
        const closed = follow(ws, log);
        const peer = await raw.accept();
        await peer.read(1);
        giveUp(ws, method, log);
        await closed;
      }
    },
    givenUp
  );

  contract('leaves nothing: the server may close', async ({ lib, log, t }) => {
    const server = http.createServer();
    const port = await listen(t, server);
    const ws = dial({ lib, t }, port);
    server.on('upgrade', (req, socket) => {
      socket.on('error', () => {});
      socket.on('end', () => socket.destroy());
      ws.terminate();
    });
    await follow(ws, log);
    server.close();
    await after(server, 'close');
    log('closed');
  });
});

suite('while CONNECTING', () => {
  contract(
    'send(), ping() and pong() throw (WS-CONTRACT 12)',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      const closed = follow(ws, () => {});
      for (const name of ['send', 'ping', 'pong']) {
        log(thrown(() => ws[name]('x')));
        log(thrown(() => ws[name]('x', () => log('never'))));
      }
      log(ws.bufferedAmount);
      ws.close();
      await closed;
    },
    (log) =>
      assert.strictEqual(
        log[0][0].message,
        'WebSocket is not open: readyState 0 (CONNECTING)'
      )
  );

  contract(
    'pause() and resume() are of no effect (WS-CONTRACT 18)',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port);
      const closed = follow(ws, log);
      ws.pause();
      log(ws.isPaused);
      ws.resume();
      ws.pause();
      log(ws.isPaused);
      await raw.upgrade({ behind: '8102 6869 8800' });
      await closed;
    }
  );
});
