'use strict';

// A stream goes at each byte of the opening handshake: of the request that a server reads, of the
// response that a client reads, and while the one or the other is written.

const assert = require('node:assert');
const http = require('node:http');
const { suite, test } = require('node:test');

const { contract, libraries, plain } = require('../support/contract');
const { frame, request } = require('../support/raw-client');
const { response } = require('../support/raw-server');
const { turns } = require('../support/session');
const { memoryDial, memoryPair, MemoryStream } = require('./support');

const ERROR = new Error('The stream failed');

/** How a stream may go. */
const ENDS = {
  'errors (destroy(err))': ({ near }) => near.destroy(ERROR),
  'is destroyed': ({ near }) => near.destroy(),
  "emits 'error'": ({ near }) => near.emit('error', ERROR),
  'ends, as its peer does': ({ far }) => far.end(),
  'is ended on this side': ({ near }) => near.end()
};

/** Logs what a `WebSocket` tells; resolves after `'close'`. */
function watch(ws, log) {
  for (const event of ['open', 'message', 'ping', 'error']) {
    ws.on(event, (value) => log(event, value, ws.readyState));
  }
  return new Promise((resolve) => {
    ws.on('close', (code, reason) => {
      log('close', code, reason, ws.readyState);
      resolve();
    });
  });
}

/** A server on one end of a pair in memory, the other one's bytes and end; and what it tells. */
function host({ lib, log, t }, { Class, onConnection = () => {} } = {}) {
  const [near, far] = memoryPair(undefined, Class);
  const server = http.createServer();
  const wss = new lib.WebSocketServer({ server });
  const closed = new Promise((resolve) => near.on('close', resolve));

  t.after(() => [near, far].forEach((stream) => stream.destroy()));
  far.on('error', () => {});
  far.on('end', () => far.end()).resume();
  wss.on('connection', (ws) => {
    log('connection');
    watch(ws, log);
    onConnection(ws);
  });
  wss.on('wsClientError', (error) => log('wsClientError', error));
  server.emit('connection', near);
  return { closed, far, near, wss };
}

/** What a server tells when its stream goes behind some bytes of what it reads. */
async function cutRequest({ lib, log, t }, go, bytes) {
  const both = host({ lib, log, t });

  both.far.write(Buffer.from(bytes));
  await turns(3);
  go(both);
  // A request that has not come is waited for by the http server, and not for ever.
  await turns(6);
  both.near.destroy();
  await both.closed;
  await turns(3);
  log(both.wss.clients.size);
}

/** What a client tells when its stream goes behind some bytes of what it reads. */
async function cutResponse({ lib, log, t }, go, make) {
  const both = memoryDial({ lib, t });
  const { far, near, requested, ws } = both;
  const closed = watch(ws, log);

  far.write(Buffer.from(make(await requested)));
  await turns(3);
  go(both);
  await closed;
  await turns(3);
  log(ws.readyState, near.destroyed);
}

/** Runs a scenario on both libraries; returns the log when it is the same. */
async function compare(t, where, scenario) {
  const logs = [];

  for (const name of ['ws', 'ferrows']) {
    const log = [];
    const note = (...values) => log.push(values.map(plain));
    await scenario({ lib: libraries[name], log: note, t });
    logs.push(log);
  }

  assert.deepStrictEqual(logs[1], logs[0], where);
  return logs[1];
}

const REQUEST = Buffer.concat([request(), frame(0x81, 'first')]);
const BEHIND = '81056669727374';
/** Of a response to any key. */
const LENGTH = response('Sec-WebSocket-Key: x\r', { behind: BEHIND }).length;

for (const [how, go] of Object.entries(ENDS)) {
  suite(`A stream that ${how} in the opening handshake`, () => {
    test("at each byte of the request: no connection, or its 'close' 1006, once", async (t) => {
      for (let at = 0; at <= REQUEST.length; at++) {
        const where = `cut at ${at} of ${REQUEST.length}`;
        const log = await compare(t, where, (scenario) =>
          cutRequest(scenario, go, REQUEST.subarray(0, at))
        );
        const names = log.map(([name]) => name);
        const expected = at < request().length ? [] : ['connection', 'close'];

        if (at === REQUEST.length) expected.splice(1, 0, 'message');
        assert.deepStrictEqual(names, [...expected, 0], where);
      }
    });

    test("at each byte of the response: 'error' and 'close' 1006, or only that, once", async (t) => {
      for (let at = 0; at <= LENGTH; at++) {
        const where = `cut at ${at} of ${LENGTH}`;
        const log = await compare(t, where, (scenario) =>
          cutResponse(scenario, go, (head) =>
            response(head, { behind: BEHIND }).subarray(0, at)
          )
        );
        const names = log.map(([name]) => name);
        const isOpen = at >= LENGTH - BEHIND.length / 2;
        const expected = [isOpen ? 'open' : 'error', 'close', 3];

        if (at === LENGTH) expected.splice(1, 0, 'message');
        assert.deepStrictEqual(names, expected, where);
        assert.strictEqual(log.find(([name]) => name === 'close')[1], 1006);
      }
    });

    contract(
      "in the tick in which the client writes its request: 'error' and 'close'",
      async ({ lib, log, t }) => {
        const both = memoryDial({ lib, t });
        const closed = watch(both.ws, log);
        await new Promise(process.nextTick);
        go(both);
        await closed;
        await turns();
      },
      (log) =>
        assert.deepStrictEqual(
          log.map(([name]) => name),
          ['error', 'close']
        )
    );

    // An error that is emitted then, nobody listens to.
    if (how !== "emits 'error'") {
      contract(
        "in the listener of 'upgrade': what follows is as with ws",
        async ({ lib, log, t }) => {
          const both = memoryDial({ lib, t });
          const closed = watch(both.ws, log);
          both.ws.on('upgrade', () => go(both));
          both.far.write(response(await both.requested, { behind: '8900' }));
          await turns();
          both.near.destroy();
          await closed;
          await turns();
        }
      );
    }

    for (const event of ['headers', 'open', 'connection']) {
      contract(
        `in the listener of '${event}' of a server`,
        async ({ lib, log, t }) => {
          const sends = [];
          const both = host(
            { lib, log, t },
            {
              onConnection(ws) {
                ws.send('sent', (error) => sends.push(Boolean(error)));
                if (event === 'connection') go(both);
                ws.on('message', () => log('message'));
              }
            }
          );
          if (event === 'headers') both.wss.on('headers', () => go(both));
          if (event === 'open') {
            both.wss.options.WebSocket = class extends lib.WebSocket {
              constructor(...args) {
                super(...args);
                this.on('open', () => go(both));
              }
            };
          }
          both.far.write(Buffer.from(REQUEST));
          await turns();
          both.near.destroy();
          await both.closed;
          await turns();
          log(sends, both.wss.clients.size);
        }
      );
    }
  });
}

/** It goes while it is given its first bytes to write. */
function breaking(go) {
  return class extends MemoryStream {
    _write(chunk, encoding, callback) {
      go(this, callback);
    }
  };
}

const BREAKS = {
  'fails to write': (stream, callback) => callback(ERROR),
  'fails to write later': (stream, callback) => setImmediate(callback, ERROR),
  'is destroyed in write()': (stream, callback) => {
    stream.destroy();
    callback();
  },
  'is destroyed with an error in write()': (stream, callback) => {
    stream.destroy(ERROR);
    callback();
  },
  'ends in write()': (stream, callback) => {
    stream.push(null);
    callback();
  }
};

for (const [how, go] of Object.entries(BREAKS)) {
  suite(`A stream that ${how}`, () => {
    contract(
      "the server's response",
      async ({ lib, log, t }) => {
        const both = host(
          { lib, log, t },
          {
            Class: breaking(go),
            onConnection: (ws) =>
              ws.send('sent', (error) => log('sent', Boolean(error)))
          }
        );
        both.far.write(Buffer.from(REQUEST));
        await turns();
        both.near.destroy();
        await both.closed;
        await turns();
        log(both.wss.clients.size);
      },
      (log) => {
        assert.strictEqual(log.filter(([name]) => name === 'close').length, 1);
        assert.strictEqual(log.filter(([name]) => name === 'sent').length, 1);
      }
    );

    contract(
      "the client's request",
      async ({ lib, log, t }) => {
        const both = memoryDial({ lib, t }, { Class: breaking(go) });
        await watch(both.ws, log);
        await turns();
        log(both.near.destroyed);
      },
      (log) =>
        assert.deepStrictEqual(
          log.map(([name]) => name),
          ['error', 'close', true]
        )
    );
  });
}
