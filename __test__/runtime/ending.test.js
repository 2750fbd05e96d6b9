'use strict';

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open } = require('../support/serve');
const { LIBRARIES, run } = require('./support');

/** The process ends by itself; `leave` says how its clients do. */
function ends(how, leave) {
  return async ({ log, name, t }) => {
    const program = run(t, 'ending.js', [LIBRARIES[name], how]);

    if (leave) {
      const port = await program.read();
      const clients = [];
      for (let i = 0; i < 3; i++) clients.push(await open(t, port));
      clients[0].send(frame(0x81, 'hello'));
      log((await clients[0].readFrame()).payload);
      await leave(clients);
    }

    log(await program.ended);
    log(program.stderr);
  };
}

/** The process ended well. */
function well(log) {
  assert.deepStrictEqual(log.slice(-2), [[{ code: 0, signal: null }], ['']]);
}

/** Ends each client and waits for the server's end. */
async function end(clients) {
  for (const client of clients) {
    client.socket.end();
    await client.readToEnd();
  }
}

contract('lets a process end that only loads it', ends('loaded only'), well);

contract(
  'lets a process end that has a server without a port',
  ends('no server'),
  well
);

contract(
  'lets a process end whose server is closed before a client came (WS-CONTRACT 9)',
  ends('closed before a client came'),
  well
);

contract(
  'lets a process end whose server is closed when its clients are gone (WS-CONTRACT 9)',
  ends('closed after the clients', end),
  well
);

contract(
  'lets a process end when the last client of a closed server is gone (WS-CONTRACT 9)',
  ends('closed while a client is there', end),
  well
);

contract(
  'lets a process end when both servers are closed and the last client is gone (WS-CONTRACT 9)',
  ends('foreign server', end),
  well
);

contract(
  'lets a process end that has terminated its clients',
  ends('terminated', async (clients) => {
    for (const client of clients) await client.readToEnd();
  }),
  well
);

contract(
  'lets a process end whose connections are open and unreferenced (WS-CONTRACT 27)',
  ends('unreferenced', async (clients) => {
    for (const client of clients) await client.readToEnd();
  }),
  well
);

contract(
  'writes to connections that were reset, and lives (SIGPIPE)',
  ends('after resets', async (clients) => {
    for (const client of clients.slice(1)) {
      client.send(frame(0x81, 'hello'));
      await client.readFrame();
    }
    for (const client of clients) client.reset();
  }),
  well
);
