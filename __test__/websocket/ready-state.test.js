'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { roundTrip, session, turns } = require('../support/session');

const METHODS = ['send', 'ping', 'pong'];

const DATA = {
  nothing: undefined,
  'an empty string': '',
  'a string': 'aé€',
  'a number': 12345,
  'a Buffer': Buffer.alloc(20_000),
  'an ArrayBuffer': new ArrayBuffer(7),
  'a Uint16Array': new Uint16Array(3),
  'an array': [1, 2, 3],
  null: null,
  false: false
};

/** A `WebSocket` that has no socket yet, as a server makes them. */
function connecting(lib) {
  return new lib.WebSocket(null, undefined, {
    autoPong: true,
    closeTimeout: 9
  });
}

suite('While CONNECTING (WS-CONTRACT 12)', () => {
  contract('send(), ping() and pong() throw', async ({ lib, log }) => {
    const ws = connecting(lib);
    log(ws.readyState);
    for (const method of METHODS) {
      for (const args of [[], ['data'], ['data', () => log('called')]]) {
        try {
          ws[method](...args);
          log('taken');
        } catch (error) {
          log(error);
        }
      }
    }
    await turns();
  });

  test('pause() and resume() have no effect (WS-CONTRACT 18)', () => {
    for (const lib of Object.values(libraries)) {
      const ws = connecting(lib);
      ws.pause();
      assert.strictEqual(ws.isPaused, false);
      ws.resume();
      assert.strictEqual(ws.isPaused, false);
    }
  });

  contract('the getters have their first values', async ({ lib, log }) => {
    const ws = connecting(lib);
    log(ws.binaryType, ws.extensions, ws.isPaused, ws.protocol, ws.readyState);
    log(ws.url, ws._socket);
  });
});

/** Calls everything in every way, and logs what comes of it. */
async function callAll(ws, log) {
  for (const method of METHODS) {
    for (const [what, data] of Object.entries(DATA)) {
      const before = ws.bufferedAmount;
      let returned = false;
      ws[method](data);
      ws[method](data, (error) => log(method, what, returned, error));
      ws[method](data, undefined, (error) =>
        log(method, what, returned, error)
      );
      returned = true;
      log(method, what, ws.bufferedAmount - before);
    }
    if (method !== 'send') {
      ws[method]((error) => log(method, 'as the only argument', error));
    }
    await turns(1);
  }
}

suite('When it is not OPEN any more (WS-CONTRACT 12)', () => {
  contract(
    'CLOSING: callbacks get an error later, and bufferedAmount grows',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      ws.close();
      log(ws.readyState);
      await callAll(ws, log);
      client.send(frame(0x88));
      await closed;
      log(await client.readToEnd());
    },
    (log) => {
      const error = log.find(
        ([method, , , error]) => method === 'send' && error
      );
      assert.strictEqual(
        error[3].message,
        'WebSocket is not open: readyState 2 (CLOSING)'
      );
    }
  );

  contract(
    'CLOSING because the peer has closed, or terminate() was called',
    async ({ lib, log, t }) => {
      for (const end of ['close', 'terminate']) {
        const { closed, ws } = await session({ lib, t });
        ws[end]();
        log(ws.readyState);
        ws.send('late', (error) => log('callback', error, ws.readyState));
        log(ws.bufferedAmount > 0);
        if (end === 'close') ws._socket.destroy();
        await closed;
      }
    }
  );

  contract('CLOSED: the same', async ({ lib, log, t }) => {
    const { closed, ws } = await session({ lib, t });
    ws.terminate();
    await closed;
    log(ws.readyState);
    await callAll(ws, log);
  });

  contract(
    'a value that send() does not support is a TypeError all the same',
    async ({ lib, log, t }) => {
      const { closed, ws } = await session({ lib, t });
      ws.terminate();
      await closed;
      for (const method of METHODS) {
        for (const value of [true, {}, 10n, () => {}]) {
          try {
            ws[method](value);
            log('taken');
          } catch (error) {
            log(error);
          }
        }
      }
    }
  );

  contract(
    'close(), terminate(), pause() and resume() do nothing on a closed one',
    async ({ lib, log, t }) => {
      const { closed, ws } = await session({ lib, t });
      ws.on('close', () => log('close'));
      ws.terminate();
      await closed;
      ws.close();
      ws.close(1);
      ws.close(1000, 'again');
      ws.terminate();
      ws.pause();
      log(ws.isPaused, ws.readyState);
      ws.resume();
      await turns();
    },
    (log) => assert.deepStrictEqual(log, [['close'], [false, 3]])
  );
});

suite('readyState', () => {
  contract('goes through its values, one by one', async ({ lib, log, t }) => {
    const { client, closed, ws } = await session(
      { lib, t },
      {
        onConnection(ws) {
          log('connection', ws.readyState);
        },
        server: {
          WebSocket: class extends lib.WebSocket {
            constructor(...args) {
              super(...args);
              log('constructed', this.readyState);
              this.on('open', () => log('open', this.readyState));
            }
          }
        }
      }
    );
    ws.on('close', () => log('close', ws.readyState));
    ws.on('message', () => log('message', ws.readyState));
    client.send(frame(0x81));
    await roundTrip(client);
    ws.close();
    log('closing', ws.readyState);
    await client.readFrame();
    client.send(frame(0x81));
    client.send(frame(0x88));
    await closed;
    log(ws.readyState);
  });

  contract('cannot be set', async ({ lib, log, t }) => {
    const { ws } = await session({ lib, t });
    for (const name of [
      'readyState',
      'bufferedAmount',
      'extensions',
      'protocol',
      'url',
      'isPaused'
    ]) {
      try {
        ws[name] = 99;
        log('set', name);
      } catch (error) {
        log(error.constructor.name, name, ws[name]);
      }
    }
  });
});
