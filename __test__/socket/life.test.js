'use strict';

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { Child } = require('../support/child');
const { frame } = require('../support/raw-client');
const { open } = require('../support/serve');

/**
 * Runs a server in a process of its own, says its port, and then what `act` says of its first
 * connection.
 */
function serverChild(t, name, act) {
  const body = `({ lib, say }) => {
    const wss = new lib.WebSocketServer({ port: 0, host: '127.0.0.1' });
    wss.on('listening', () => say(wss.address().port));
    wss.on('connection', (ws, req) => {
      ws.on('message', (data) => ws.send(data));
      (${act})({ wss, ws, req, say });
    });
  }`;
  return new Child(t, name, body);
}

/** An echo proves that the process lives, turn after turn. */
async function echo(client) {
  for (let i = 0; i < 5; i++) {
    client.send(frame(0x81, 'alive'));
    await client.readFrame();
  }
}

contract(
  'a process whose server is closed and whose connections have ended exits by itself',
  async ({ name, log, t }) => {
    const child = serverChild(t, name, ({ wss, ws, say }) => {
      wss.close(() => say('closed'));
      ws.on('close', (code) => setImmediate(say, code));
    });
    const client = await open(t, await child.next());
    await echo(client);
    client.socket.end();
    log([await child.next(), await child.next()].sort());
    log(await child.end());
  },
  (log) => assert.deepStrictEqual(log.at(-1), [0])
);

contract(
  'an open connection keeps the process alive after wss.close()',
  async ({ name, log, t }) => {
    const child = serverChild(t, name, ({ wss, say }) => {
      wss.close();
      setImmediate(() => say('closing'));
    });
    const client = await open(t, await child.next());
    log(await child.next());
    await echo(client);
    log('alive');
    client.socket.end();
    log(await child.end());
  },
  (log) => assert.deepStrictEqual(log.at(-1), [0])
);

contract(
  'unref() on the only socket lets the process exit (WS-CONTRACT 27)',
  async ({ name, log, t }) => {
    const child = serverChild(t, name, ({ wss, ws, say }) => {
      wss.close();
      ws._socket.unref();
      process.on('exit', () => say('exit'));
    });
    const client = await open(t, await child.next());

    // The client does nothing.
    log(await child.next(), await child.end());
    await client.readToEnd();
  },
  (log) => assert.deepStrictEqual(log, [['exit', 0]])
);

contract(
  'ref() after unref() keeps the process alive again (WS-CONTRACT 27)',
  async ({ name, log, t }) => {
    const child = serverChild(t, name, ({ wss, ws, say }) => {
      wss.close();
      ws._socket.unref();
      ws._socket.unref();
      ws._socket.ref();
      setImmediate(() => say('referenced'));
    });
    const client = await open(t, await child.next());
    log(await child.next());
    await echo(client);
    log('alive');
    client.socket.end();
    log(await child.end());
  },
  (log) => assert.deepStrictEqual(log.at(-1), [0])
);

contract(
  'one socket that is not unref()ed keeps the process alive, of several (WS-CONTRACT 27)',
  async ({ name, log, t }) => {
    const child = new Child(t, name, ({ lib, say }) => {
      const wss = new lib.WebSocketServer({ port: 0, host: '127.0.0.1' });
      wss.on('listening', () => say(wss.address().port));
      wss.on('connection', (ws, req) => {
        ws.on('message', (data) => ws.send(data));
        if (req.url === '/unref') ws._socket.unref();
        if (wss.clients.size < 3) return;
        wss.close();
        setImmediate(() => say('three'));
      });
    });
    const port = await child.next();
    const clients = [];
    for (const path of ['/unref', '/ref', '/unref']) {
      clients.push(await open(t, port, { path }));
    }
    log(await child.next());
    for (const client of clients) await echo(client);
    log('alive');
    clients[1].socket.end();
    log(await child.end());
  },
  (log) => assert.deepStrictEqual(log.at(-1), [0])
);

contract(
  'unref() twice, and the end of an unref()ed socket, do not unbalance the count (WS-CONTRACT 27)',
  async ({ name, log, t }) => {
    const child = new Child(t, name, ({ lib, say }) => {
      const wss = new lib.WebSocketServer({ port: 0, host: '127.0.0.1' });
      wss.on('listening', () => say(wss.address().port));
      wss.on('connection', (ws, req) => {
        ws.on('message', (data) => ws.send(data));
        if (req.url === '/unref') {
          ws._socket.unref();
          ws._socket.unref();
          ws.on('close', () => {
            ws._socket?.unref();
            ws._socket?.ref();
            wss.close();
            setImmediate(() => say('gone'));
          });
        }
      });
    });
    const port = await child.next();
    const stays = await open(t, port, { path: '/ref' });
    const goes = await open(t, port, { path: '/unref' });
    goes.socket.end();
    log(await child.next());
    await echo(stays);
    log('alive');
    stays.socket.end();
    log(await child.end());
  },
  (log) => assert.deepStrictEqual(log.at(-1), [0])
);

contract(
  'requiring the library and making servers without a port keeps no process alive',
  async ({ name, log, t }) => {
    const child = new Child(t, name, ({ lib, say }) => {
      const wss = new lib.WebSocketServer({ noServer: true });
      say(wss.clients.size);
    });
    log(await child.next(), await child.end());
  },
  (log) => assert.deepStrictEqual(log, [[0, 0]])
);
