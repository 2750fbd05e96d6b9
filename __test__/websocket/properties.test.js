'use strict';

const assert = require('node:assert');
const { EventEmitter } = require('node:events');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { session } = require('../support/session');

const { WebSocket } = libraries.ferrows;

/** What can be told of a property without its functions. */
function describe(object, name) {
  const found = Object.getOwnPropertyDescriptor(object, name);
  if (found === undefined) return 'none';
  const { configurable, enumerable, get, set, value, writable } = found;
  return [configurable, enumerable, writable, typeof get, typeof set, value];
}

suite('Properties of WebSocket (WS-CONTRACT 34)', () => {
  contract(
    'CONNECTING … CLOSED are frozen on class and prototype',
    async ({ lib, log }) => {
      for (const name of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']) {
        log(name, describe(lib.WebSocket, name));
        log(name, describe(lib.WebSocket.prototype, name));
        for (const object of [lib.WebSocket, lib.WebSocket.prototype]) {
          try {
            object[name] = 9;
            log('set');
          } catch (error) {
            log(error.constructor.name, object[name]);
          }
        }
      }
    },
    (log) =>
      assert.deepStrictEqual(log.filter(([name]) => name === 'CLOSING')[0][1], [
        false,
        true,
        false,
        'undefined',
        'undefined',
        2
      ])
  );

  contract(
    'getters are enumerable and configurable, on the prototype',
    async ({ lib, log, t }) => {
      const { ws } = await session({ lib, t });
      for (const name of [
        'binaryType',
        'bufferedAmount',
        'extensions',
        'isPaused',
        'protocol',
        'readyState',
        'url',
        'onopen',
        'onerror',
        'onclose',
        'onmessage'
      ]) {
        log(name, describe(lib.WebSocket.prototype, name));
        log(Object.hasOwn(ws, name));
      }
    }
  );

  contract(
    'an event may have any name, and what objects have by themselves is no listener',
    async ({ lib, log, t }) => {
      const { ws } = await session({ lib, t });
      const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'];

      log(ws.eventNames());
      for (const name of names) {
        log(name, ws.listenerCount(name), ws.emit(name));
        ws.on(name, function (...values) {
          log(name, this === ws, values);
        });
        log(name, ws.listenerCount(name), ws.emit(name, 1, 2));
      }
      log(ws.eventNames());
      for (const name of names) ws.removeAllListeners(name);
      for (const name of names) log(name, ws.emit(name));
      log(ws.eventNames());
      ws.removeAllListeners();
      log(ws.eventNames(), ws.emit('toString'));
    },
    (log) => {
      assert.ok(log.some(([name, isOwn]) => name === '__proto__' && isOwn));
      assert.deepStrictEqual(log.at(-1), [[], false]);
    }
  );

  contract(
    'a listener of who wraps EventEmitter.init() stays',
    async ({ lib, log, t }) => {
      const { init } = EventEmitter;
      t.after(() => (EventEmitter.init = init));
      EventEmitter.init = function (...values) {
        init.apply(this, values);
        if (!(this instanceof lib.WebSocket)) return;
        this.on('error', ({ message }) => log('told', message));
      };

      const { ws } = await session({ lib, t });
      EventEmitter.init = init;
      log(ws.emit('error', new Error('x')), ws.listenerCount('error'));
      ws.on('other', () => {});
      ws.removeAllListeners('other');
      log(ws.listenerCount('error'));
    },
    (log) => assert.deepStrictEqual(log[0], ['told', 'x'])
  );

  contract('methods have their lengths', async ({ lib, log }) => {
    for (const name of [
      'addEventListener',
      'close',
      'emitClose',
      'pause',
      'ping',
      'pong',
      'removeEventListener',
      'resume',
      'send',
      'setSocket',
      'terminate'
    ]) {
      const { length, name: own } = lib.WebSocket.prototype[name];
      const { enumerable } = Object.getOwnPropertyDescriptor(
        lib.WebSocket.prototype,
        name
      );
      log(name, own, length, enumerable);
    }
  });

  contract(
    'have their values on an open connection',
    async ({ lib, log, t }) => {
      const { ws } = await session(
        { lib, t },
        { client: { headers: { 'Sec-WebSocket-Protocol': 'a, b' } } }
      );
      log(ws.binaryType, ws.bufferedAmount, ws.extensions, ws.isPaused);
      log(ws.protocol, ws.readyState, ws.url);
      log(ws.onopen, ws.onmessage, ws.onclose, ws.onerror);
      log(Object.prototype.toString.call(ws), ws.constructor.name);
      log(ws instanceof lib.WebSocket, ws instanceof EventEmitter);
      log(ws.OPEN, ws.CLOSED, ws.eventNames().map(String));
    }
  );

  test('users find nothing on a WebSocket with for … in that ws does not have', async (t) => {
    const names = async (lib) => {
      const { ws } = await session({ lib, t });
      const found = [];
      for (const name in ws) if (!name.startsWith('_')) found.push(name);
      return found.sort();
    };
    assert.deepStrictEqual(
      await names(libraries.ferrows),
      await names(libraries.ws)
    );
  });

  test('two instances share no state', () => {
    const options = { autoPong: true };
    const [one, two] = [1, 2].map(
      () => new WebSocket(null, undefined, options)
    );
    one.binaryType = 'blob';
    one.onopen = () => {};
    assert.strictEqual(two.binaryType, 'nodebuffer');
    assert.strictEqual(two.onopen, null);
  });
});
