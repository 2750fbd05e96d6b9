'use strict';

// Requests and responses that nobody honest sends.

const assert = require('node:assert');
const http = require('node:http');
const { suite } = require('node:test');

const { dialled } = require('../faults/support');
const { contract } = require('../support/contract');
const { request } = require('../support/raw-client');
const { connect, listen, open, refused, serve } = require('../support/serve');
const { record } = require('../support/session');

contract(
  'a request of which one byte comes at a time, and never the last: the http server ends it in its headersTimeout',
  async ({ lib, log, t }) => {
    const server = http.createServer({
      connectionsCheckingInterval: 20,
      headersTimeout: 150,
      requestTimeout: 300
    });
    const wss = new lib.WebSocketServer({ server });
    const port = await listen(t, server);
    const bytes = request();

    wss.on('connection', () => log('connection'));
    const drip = async () => {
      const client = await connect(t, port);
      let at = 0;
      const timer = setInterval(() => {
        client.send(bytes.subarray(at, ++at % (bytes.length - 4)));
      }, 5);
      const answer = await client.readToEnd();
      clearInterval(timer);
      return answer.toString('latin1', 0, 12);
    };
    const answers = await Promise.all(Array.from({ length: 30 }, drip));
    log(answers);
    log(wss.clients.size);
    log(
      await new Promise((resolve) =>
        server.getConnections((error, count) => resolve(count))
      )
    );
    // A slow machine needs more time for an honest one.
    server.headersTimeout = server.requestTimeout = 60_000;
    log((await open(t, port)).response);
  },
  (log) => assert.deepStrictEqual(log[0], [Array(30).fill('HTTP/1.1 408')])
);

/** A request with more fields before or behind those that are needed. */
function manyFields(count, where, name = (i) => `X-${i}`) {
  const lines = Array.from({ length: count }, (_, i) => `${name(i)}: ${i}\r\n`);
  const [first, ...rest] = request()
    .toString()
    .split(/(?<=\r\n)/);
  const needed = rest.slice(0, -1);
  const fields =
    where === 'before' ? [...lines, ...needed] : [...needed, ...lines];

  return Buffer.from([first, ...fields, '\r\n'].join(''));
}

suite('Thousands of header fields', () => {
  for (const where of ['before', 'behind']) {
    for (const [what, name] of [
      ['of their own names', undefined],
      ['of one name', () => 'X'],
      ['of names of prototypes', () => '__proto__'],
      ['Sec-WebSocket-Extensions', () => 'Sec-WebSocket-Extensions'],
      ['Sec-WebSocket-Key', () => 'Sec-WebSocket-Key'],
      ['Sec-WebSocket-Protocol', () => 'Sec-WebSocket-Protocol']
    ]) {
      contract(
        `${what}, ${where} those that count: refused or accepted as by ws`,
        async ({ lib, log, t }) => {
          const server = http.createServer({ maxHeaderSize: 1024 * 1024 });
          const wss = new lib.WebSocketServer({
            perMessageDeflate: true,
            server
          });
          const port = await listen(t, server);

          wss.on('connection', (ws, req) => {
            log(
              'connection',
              ws.protocol,
              ws.extensions,
              req.rawHeaders.length
            );
          });
          // Node.js's limit is 2 000 fields, and it drops those behind.
          for (const count of [5, 1900, 5000]) {
            const client = await connect(t, port);
            client.send(manyFields(count, where, name));
            log(
              count,
              await client.readHead().then(withoutDate, () => 'ended')
            );
            client.socket.destroy();
          }
        },
        (log) => assert.ok(log.length >= 3)
      );
    }
  }

  contract(
    'are 431 by default',
    async ({ lib, log, t }) => {
      const { port } = await serve(t, lib);
      const client = await connect(t, port);
      client.send(manyFields(5000, 'before'));
      log((await client.readToEnd()).toString('latin1', 0, 12));
    },
    (log) => assert.deepStrictEqual(log, [['HTTP/1.1 431']])
  );
});

function withoutDate(head) {
  return head.replace(/^Date: .*\r\n/m, '');
}

/** Names that every object has, or that make one another. */
const NAMES = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'valueOf',
  'prototype',
  '__defineGetter__'
];

suite('Names of prototypes', () => {
  for (const name of NAMES) {
    for (const header of [
      name,
      `${name}; ${name}`,
      `${name}; ${name}=1; polluted=1, ${name}`,
      `permessage-deflate; ${name}`,
      `permessage-deflate; ${name}=10`,
      `${name}, permessage-deflate`
    ]) {
      contract(
        `as extensions of a request: ${header}`,
        async ({ lib, log, t }) => {
          const { port, wss } = await serve(t, lib, {
            perMessageDeflate: true
          });
          const headers = {
            'Sec-WebSocket-Extensions': header,
            'Sec-WebSocket-Protocol': name
          };

          wss.on('connection', (ws) => {
            log('connection', ws.extensions, ws.protocol);
            ws.terminate();
          });
          log(await refused(t, port, { headers }));
          log(polluted());
        },
        (log) => assert.deepStrictEqual(log.at(-1), [false])
      );

      contract(
        `as extensions of a response: ${header}`,
        async ({ lib, log, t }) => {
          const { raw, ws } = await dialled(
            { lib, t },
            { perMessageDeflate: true }
          );
          const closed = new Promise((resolve) => ws.on('close', resolve));

          ws.on('open', () => ws.terminate());
          record(ws, log);
          await raw.upgrade({
            headers: { 'Sec-WebSocket-Extensions': header }
          });
          await closed;
          log(polluted());
        },
        (log) => assert.deepStrictEqual(log.at(-1), [false])
      );
    }
  }
});

/** Whether a plain object has what it should not have. */
function polluted() {
  const plain = {};
  return (
    plain.polluted !== undefined || Object.keys(Object.prototype).length > 0
  );
}
