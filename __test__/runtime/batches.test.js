'use strict';

const assert = require('node:assert');
const { once } = require('node:events');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open, serve } = require('../support/serve');
const { turns } = require('../support/session');

const CONNECTIONS = 20;

/** Opens raw clients, and returns them with the server's sockets. */
async function openMany(t, { port, wss }, count = CONNECTIONS) {
  const pairs = [];

  for (let i = 0; i < count; i++) {
    const connected = once(wss, 'connection');
    const client = await open(t, port);
    const [ws] = await connected;
    pairs.push({ client, ws });
  }

  return pairs;
}

/** Has all clients send in one go, so that the server reads all in one batch. */
function sendAll(pairs, bytes) {
  for (const { client } of pairs) client.send(bytes);
}

contract(
  "drops what a connection received in the batch in which it was terminated, and emits its 'close' (rule 2)",
  async ({ lib, log, t }) => {
    const server = await serve(t, lib);
    const pairs = await openMany(t, server);
    const closed = [];
    let survivor = null;

    for (const { ws } of pairs) {
      ws.on('message', () => {
        log('message', ws.readyState, survivor === null || survivor === ws);
        if (survivor !== null) return;
        survivor = ws;
        for (const other of pairs) {
          if (other.ws === ws) continue;
          closed.push(once(other.ws, 'close'));
          other.ws.on('close', (code, reason) => log('close', code, reason));
          other.ws.terminate();
        }
      });
      ws.on('error', (error) => log('error', error));
      ws.on('ping', () => log('ping', survivor === ws));
    }
    sendAll(
      pairs,
      Buffer.concat([frame(0x81), frame(0x81), frame(0x89), frame(0x81)])
    );
    await turns();
    await Promise.all(closed);
    await turns();
    log(server.wss.clients.size);
  },
  (log) => {
    const count = (event) => log.filter(([name]) => name === event).length;
    assert.strictEqual(count('message'), 3);
    assert.strictEqual(count('close'), CONNECTIONS - 1);
    assert.deepStrictEqual(log.at(-1), [1]);
  }
);

contract(
  'delivers what a connection received behind the message in whose listener it was closed',
  async ({ lib, log, t }) => {
    const server = await serve(t, lib);
    const [{ client, ws }] = await openMany(t, server, 1);
    const closed = once(ws, 'close');

    ws.on('message', (data) => {
      log('message', data, ws.readyState);
      ws.close(4001, 'enough');
    });
    ws.on('ping', (data) => log('ping', data, ws.readyState));
    ws.on('close', (code, reason) => log('close', code, reason));
    client.send(
      Buffer.concat([
        frame(0x81, 'a'),
        frame(0x89, 'b'),
        frame(0x82, 'c'),
        frame(0x88, Buffer.from('0fa1', 'hex')),
        frame(0x81, 'd')
      ])
    );
    log(await client.readToEnd());
    client.socket.end();
    await closed;
  }
);

contract(
  'drops what a connection received behind the message in whose listener it was terminated',
  async ({ lib, log, t }) => {
    const server = await serve(t, lib);
    const [{ client, ws }] = await openMany(t, server, 1);
    const closed = once(ws, 'close');

    ws.on('message', (data) => {
      log('message', data);
      if (String(data) === 'b') {
        ws.send('last');
        ws.terminate();
        ws.send('too late', (error) => log(error));
      }
    });
    ws.on('ping', (data) => log('ping', data));
    ws.on('close', (code, reason) => log('close', code, reason));
    client.send(Buffer.concat([frame(0x81, 'a'), frame(0x81, 'b')]));
    log(await client.readToEnd());
    await closed;
  }
);

contract(
  'closes the server in a listener, and delivers the messages of the same batch',
  async ({ lib, log, t }) => {
    const server = await serve(t, lib);
    const pairs = await openMany(t, server);
    const closed = new Promise((resolve) => {
      server.wss.on('close', () => {
        log('server closed');
        resolve();
      });
    });

    for (const { ws } of pairs) {
      ws.on('message', (data) => {
        log('message', data);
        server.wss.close();
        ws.send('reply');
      });
    }
    sendAll(pairs, frame(0x81, 'hello'));
    for (const { client } of pairs) {
      log(await client.readFrame());
      client.socket.end();
    }
    await closed;
  },
  (log) => assert.strictEqual(log.length, 2 * CONNECTIONS + 1)
);

contract(
  "sends to others from 'close' listeners, also when all close in one batch",
  async ({ lib, log, t }) => {
    const server = await serve(t, lib);
    const [witness, ...pairs] = await openMany(t, server);
    const closed = pairs.map(({ ws }) => once(ws, 'close'));
    let left = pairs.length;

    for (const { ws } of pairs) {
      ws.on('close', () => {
        witness.ws.send(`left: ${--left}`);
        for (const client of server.wss.clients) {
          if (client !== witness.ws) client.send('never mind');
        }
        ws.send('to itself', (error) => log(error));
      });
    }
    sendAll(pairs, frame(0x88, Buffer.from('03e8', 'hex')));
    for (const { client } of pairs) client.socket.end();
    await Promise.all(closed);
    for (let i = 0; i < pairs.length; i++) {
      log((await witness.client.readFrame()).payload.toString());
    }
  },
  (log) => assert.deepStrictEqual(log.at(-1), ['left: 0'])
);

contract(
  'runs nextTicks, then promise continuations, after the messages of a segment',
  async ({ lib, log, t }) => {
    const server = await serve(t, lib);
    const [{ client, ws }] = await openMany(t, server, 1);
    const done = new Promise((resolve) => {
      let count = 0;
      ws.on('message', (data) => {
        const name = data.toString();
        log(name);
        Promise.resolve().then(() => log(`${name}: promise`));
        queueMicrotask(() => log(`${name}: microtask`));
        process.nextTick(() => {
          log(`${name}: tick`);
          Promise.resolve().then(() => log(`${name}: promise of tick`));
        });
        setImmediate(() => {
          log(`${name}: immediate`);
          if (++count === 3) resolve();
        });
      });
    });

    client.send(
      Buffer.concat([frame(0x81, 'a'), frame(0x81, 'b'), frame(0x81, 'c')])
    );
    await done;
  },
  (log) =>
    assert.deepStrictEqual(log.slice(0, 4).flat(), ['a', 'b', 'c', 'a: tick'])
);

contract(
  'drains microtasks between two events with allowSynchronousEvents: false (WS-CONTRACT 17)',
  async ({ lib, log, t }) => {
    const server = await serve(t, lib, { allowSynchronousEvents: false });
    const [{ client, ws }] = await openMany(t, server, 1);

    for (const event of ['message', 'ping', 'pong']) {
      ws.on(event, (data) => {
        log(event, data);
        process.nextTick(() => log('tick'));
        Promise.resolve().then(() => log('promise'));
      });
    }
    const closed = once(ws, 'close');
    client.send(
      Buffer.concat([
        frame(0x81, 'a'),
        frame(0x89, 'b'),
        frame(0x8a, 'c'),
        frame(0x82, 'd'),
        frame(0x88)
      ])
    );
    await client.readToEnd();
    client.socket.end();
    await closed;
  },
  (log) => assert.strictEqual(log.length, 12)
);

contract(
  'calls the callbacks of many sends in order, after the listener has returned (WS-CONTRACT 13)',
  async ({ lib, log, t }) => {
    const server = await serve(t, lib);
    const [{ client, ws }] = await openMany(t, server, 1);
    const done = new Promise((resolve) => {
      ws.on('message', () => {
        for (let i = 0; i < 10; i++) {
          const data = i % 3 === 2 ? Buffer.alloc(20_000) : `text ${i}`;
          ws.send(data, (error) => {
            log(i, error ?? 'sent');
            if (i === 9) resolve();
          });
        }
        log('returned');
      });
    });

    client.send(frame(0x81));
    await done;
  },
  (log) =>
    assert.deepStrictEqual(
      log.map(([first]) => first),
      ['returned', 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    )
);
