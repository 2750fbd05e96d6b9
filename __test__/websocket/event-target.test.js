'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { roundTrip, session } = require('../support/session');

const TYPES = ['open', 'message', 'close', 'error'];

/** What can be told of an event: its class, its enumerable properties, its target. */
function describe(event, ws) {
  const properties = {};
  for (const name in event) {
    const value = event[name];
    properties[name] = value === ws ? 'the WebSocket' : value;
  }
  if (properties.error instanceof Error)
    properties.error = properties.error.code;
  return JSON.stringify([event.constructor.name, properties]);
}

/** Each event once: a message of either type, an error, the end. */
async function all({ client, closed }) {
  client.send(frame(0x81, 'téxt'));
  client.send(frame(0x82, 'bytes'));
  await roundTrip(client);
  client.send('8100');
  await closed;
}

suite('on<event> (WS-CONTRACT 34)', () => {
  contract(
    'attributes are null, can be set, read, replaced and removed',
    async ({ lib, log, t }) => {
      const { ws } = await session({ lib, t });
      for (const type of TYPES) {
        const name = `on${type}`;
        const [first, second] = [() => {}, () => {}];
        const before = ws.listenerCount(type);
        const count = () => ws.listenerCount(type) - before;
        log(name, ws[name], count());
        ws[name] = first;
        log(ws[name] === first, count());
        ws[name] = second;
        log(ws[name] === second, count());
        for (const value of [
          null,
          undefined,
          {},
          7,
          'x',
          { handleEvent() {} }
        ]) {
          ws[name] = first;
          ws[name] = value;
          log(ws[name], count());
        }
      }
    }
  );

  contract('listeners get events, with this', async (scenario) => {
    const { log } = scenario;
    let ws;
    const both = await session(scenario, {
      onConnection(socket) {
        ws = socket;
        for (const type of TYPES) {
          ws[`on${type}`] = function (event, ...more) {
            log(type, describe(event, ws), this === ws, more.length);
          };
        }
      }
    });
    await all(both);
    // The server's 'open' was before 'connection'.
    ws.emit('open');
  });

  contract(
    'are independent of addEventListener() and of on()',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      const listener = ({ data }) => log('listener', data);
      ws.on('message', () => log('on'));
      ws.onmessage = listener;
      ws.addEventListener('message', listener);
      ws.addEventListener('message', listener);
      client.send(frame(0x81, 'a'));
      await roundTrip(client);
      ws.removeEventListener('message', listener);
      log(ws.onmessage === listener);
      client.send(frame(0x81, 'b'));
      await roundTrip(client);
      ws.removeEventListener('message', listener);
      ws.onmessage = null;
      client.send(frame(0x81, 'c'));
      await roundTrip(client);
    },
    (log) =>
      assert.deepStrictEqual(log, [
        ['on'],
        ['listener', 'a'],
        ['listener', 'a'],
        [true],
        ['on'],
        ['listener', 'b'],
        ['on']
      ])
  );

  contract(
    'that replace another move to the end of the listeners',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      ws.onmessage = () => log('first');
      ws.on('message', () => log('between'));
      ws.onmessage = () => log('second');
      client.send(frame(0x81));
      await roundTrip(client);
    }
  );
});

suite('addEventListener() and removeEventListener() (WS-CONTRACT 34)', () => {
  contract('listeners get events, with this', async (scenario) => {
    const { log } = scenario;
    let ws;
    const both = await session(scenario, {
      onConnection(socket) {
        ws = socket;
        for (const type of TYPES) {
          ws.addEventListener(type, function (event, ...more) {
            log(type, describe(event, ws), this === ws, more.length);
          });
        }
      }
    });
    await all(both);
    ws.emit('open');
  });

  contract('objects with handleEvent() are listeners', async (scenario) => {
    const { client, ws } = await session(scenario);
    const handler = {
      handleEvent(event) {
        scenario.log(this === handler, event.data);
      }
    };
    ws.addEventListener('message', handler);
    ws.addEventListener('message', handler);
    client.send(frame(0x81, 'a'));
    await roundTrip(client);
    ws.removeEventListener('message', handler);
    client.send(frame(0x81, 'b'));
    await roundTrip(client);
    scenario.log(ws.listenerCount('message'));
  });

  contract('ignore duplicates and unknown types', async ({ lib, log, t }) => {
    const { ws } = await session({ lib, t });
    const listener = () => {};
    for (const type of [
      ...TYPES,
      'foo',
      'ping',
      'pong',
      'upgrade',
      '',
      null,
      7
    ]) {
      const before = ws.listenerCount(type);
      const returned = ws.addEventListener(type, listener);
      ws.addEventListener(type, listener);
      ws.addEventListener(type, listener, { once: true });
      log(String(type), returned, ws.listenerCount(type) - before);
      log(ws.removeEventListener(type, listener));
      ws.removeEventListener(type, listener);
      log(ws.listenerCount(type) - before);
    }
  });

  contract('once calls a listener once', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    ws.addEventListener('message', ({ data }) => log(data), { once: true });
    ws.addEventListener('message', ({ data }) => log(data), { once: false });
    ws.addEventListener('message', ({ data }) => log(data), {});
    const removed = () => log('never');
    ws.addEventListener('message', removed, { once: true });
    ws.removeEventListener('message', removed);
    client.send(Buffer.concat([frame(0x81, 'a'), frame(0x81, 'b')]));
    await roundTrip(client);
    log(ws.listenerCount('message'));
  });

  contract(
    'a listener may be added again after it was called once',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      const listener = ({ data }) => {
        log(data);
        if (data === 'a') ws.addEventListener('message', listener);
      };
      ws.addEventListener('message', listener, { once: true });
      client.send(Buffer.concat([frame(0x81, 'a'), frame(0x81, 'b')]));
      await roundTrip(client);
    }
  );

  contract(
    'removeEventListener() leaves listeners of on() and strangers alone',
    async ({ lib, log, t }) => {
      const { ws } = await session({ lib, t });
      const listener = () => {};
      ws.on('message', listener);
      ws.removeEventListener('message', listener);
      ws.removeEventListener('message', () => {});
      ws.removeEventListener('message');
      log(ws.listenerCount('message'));
    }
  );

  for (const bad of [undefined, null, 7, 'text', {}]) {
    contract(
      `a listener that is ${JSON.stringify(bad)} throws when it is called, or at once`,
      async ({ lib, log, t }) => {
        const { ws } = await session({ lib, t });
        try {
          ws.addEventListener('open', bad);
          log('added', ws.listenerCount('open'));
          ws.emit('open');
          log('called');
        } catch (error) {
          log(error.constructor.name);
        }
      }
    );
  }
});

suite('Event objects', () => {
  contract(
    'MessageEvent.data is a string for text and what binaryType says else',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      ws.onmessage = ({ data }) => {
        log(typeof data, data.constructor.name, data.size ?? data);
      };
      for (const type of ['nodebuffer', 'arraybuffer', 'fragments', 'blob']) {
        ws.binaryType = type;
        client.send(frame(0x81, 'téxt'));
        client.send(frame(0x82, 'bytes'));
        client.send(frame(0x81));
        client.send(frame(0x82));
        await roundTrip(client);
      }
    }
  );

  contract(
    'have getters that are enumerable, configurable and on the prototype',
    async (scenario) => {
      const { log } = scenario;
      const both = await session(scenario);
      const look = (event) => {
        let from = Object.getPrototypeOf(event);
        for (; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
          log(from.constructor.name);
          for (const name of Object.getOwnPropertyNames(from)) {
            const { enumerable, configurable, get, set, writable } =
              Object.getOwnPropertyDescriptor(from, name);
            log(
              name,
              enumerable,
              configurable,
              typeof get,
              typeof set,
              writable
            );
          }
        }
        log(Object.keys(event), JSON.stringify(event), String(event));
      };
      const { ws } = both;
      ws.addEventListener('message', look, { once: true });
      ws.onerror = look;
      ws.onclose = look;
      ws.onopen = look;
      ws.emit('open');
      await all(both);
    }
  );

  contract(
    'of events that the user emits have defaults',
    async ({ lib, log, t }) => {
      const { ws } = await session({ lib, t });
      for (const type of TYPES) {
        ws.addEventListener(type, (event) => log(describe(event, ws)));
      }
      ws.emit('close', undefined, '');
      ws.emit('close', 7, Buffer.from('x'));
      ws.emit('message', undefined, true);
      ws.emit('message', null, true);
      ws.emit('error', { message: undefined });
      ws.emit('error', new TypeError('text'));
      ws.emit('open', 1, 2);
    }
  );
});
