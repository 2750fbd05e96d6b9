'use strict';

const assert = require('node:assert');
const EventEmitter = require('node:events');
const http = require('node:http');
const { test } = require('node:test');

const { contract, libraries } = require('../support/contract');

const { ferrows } = libraries;

const NAMES = [
  'WebSocket',
  'WebSocketServer',
  'Server',
  'PerMessageDeflate',
  'Receiver',
  'Sender'
];

contract(
  'exports the class WebSocket, with the others on it',
  ({ lib, log }) => {
    log(typeof lib, lib.name);
    for (const name of NAMES) log(name, typeof lib[name], lib[name].name);
    for (const name of ['extension', 'subprotocol']) {
      log(name, typeof lib[name], Object.keys(lib[name]).sort());
    }
    log(lib.WebSocket === lib, lib.Server === lib.WebSocketServer);
    log(Object.getPrototypeOf(lib) === EventEmitter);
    log(Object.getPrototypeOf(lib.WebSocketServer) === EventEmitter);
    log(lib.length, lib.WebSocketServer.length);
  }
);

test('the ES module has the same names, and those of ws', async () => {
  const [ours, reference] = [
    await import('../../wrapper.mjs'),
    await import('ws')
  ];

  assert.deepStrictEqual(Object.keys(ours), Object.keys(reference));
  for (const name of Object.keys(ours)) {
    const member = name === 'default' ? ferrows : ferrows[name];
    assert.strictEqual(ours[name], member, name);
  }
});

/** Calls a function, and logs what it throws. */
function attempt(log, name, call) {
  try {
    call();
    log(name, 'nothing');
  } catch (err) {
    log(name, err);
  }
}

contract(
  'the constructor throws unless exactly one of port, server and noServer is given',
  ({ lib, log }) => {
    const server = http.createServer();
    const cases = [
      undefined,
      {},
      { port: null },
      { port: undefined },
      { noServer: false },
      { server: null },
      { port: 0, server },
      { port: 0, noServer: true },
      { server, noServer: true },
      { port: 0, server, noServer: true }
    ];

    for (const [index, options] of cases.entries()) {
      attempt(log, index, () => new lib.WebSocketServer(options));
    }
    attempt(log, 'none', () => new lib.WebSocketServer());
    attempt(log, 'null', () => new lib.WebSocketServer(null));
    attempt(log, 'without new', () => lib.WebSocketServer({ noServer: true }));
    log(server.eventNames());
  },
  (log) => {
    for (const [name, error] of log.slice(0, 12)) {
      assert.strictEqual(error.name, 'TypeError', name);
      assert.match(error.message, /^One and only one of the "port", "server"/);
    }
  }
);

contract('throws what listen() throws for a bad port', ({ lib, log }) => {
  for (const port of [-1, 65536, 1.5]) {
    attempt(log, String(port), () => new lib.WebSocketServer({ port }));
  }
});

contract(
  'the options are those given over the defaults, and are kept',
  ({ lib, log }) => {
    const given = { noServer: true, maxPayload: 5, clientTracking: undefined };
    const { options } = new lib.WebSocketServer(given);
    const { WebSocket, ...rest } = options;

    log(rest);
    log(WebSocket === lib.WebSocket, options === given);
    log(Object.keys(given));
    for (const perMessageDeflate of [true, false, undefined, null]) {
      log(
        new lib.WebSocketServer({ noServer: true, perMessageDeflate }).options
          .perMessageDeflate
      );
    }
  }
);

contract(
  'clients is a Set, and undefined with clientTracking: false',
  ({ lib, log }) => {
    const { WebSocketServer } = lib;
    const tracking = new WebSocketServer({ noServer: true });

    log(tracking.clients instanceof Set, tracking.clients.size);
    for (const clientTracking of [false, 0, null, undefined]) {
      const wss = new WebSocketServer({ noServer: true, clientTracking });
      log(wss.clients, 'clients' in wss);
    }
  }
);

contract(
  'shouldHandle() compares the path before the query with the path option',
  ({ lib, log }) => {
    const wss = new lib.WebSocketServer({ noServer: true });
    const withPath = new lib.WebSocketServer({ noServer: true, path: '/foo' });
    const urls = ['/foo', '/foo?bar', '/foo?', '/foo/', '/', '?', '/FOO', ''];

    for (const url of [...urls, '/foo#x', '/foo?/bar?', '//foo', '/fo%6f']) {
      log(url, wss.shouldHandle({ url }), withPath.shouldHandle({ url }));
    }
    log(
      new lib.WebSocketServer({ noServer: true, path: '' }).shouldHandle({
        url: '/foo'
      })
    );
  },
  (log) => assert.deepStrictEqual(log[0], ['/foo', true, true])
);
