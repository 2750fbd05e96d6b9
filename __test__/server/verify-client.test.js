'use strict';

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { connect, open, refused, serve } = require('../support/serve');
const { request } = require('../support/raw-client');

contract(
  'verifyClient(info) is given origin, secure and req (WS-CONTRACT 6)',
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib, {
      verifyClient(info) {
        log(Object.keys(info), info.origin, info.secure, info.req.url);
        log(this === wss.options, info.req.socket.bytesWritten);
        return true;
      }
    });
    const origins = {
      Origin: 'https://thirteen.example',
      'Sec-WebSocket-Origin': 'https://eight.example'
    };

    for (const headers of [
      {},
      origins,
      { ...origins, 'Sec-WebSocket-Version': '8' },
      { 'Sec-WebSocket-Version': '8', Origin: 'https://thirteen.example' }
    ]) {
      log((await open(t, port, { headers, path: '/a?b' })).response);
    }
  },
  (log) => {
    assert.strictEqual(log[0][1], undefined);
    assert.strictEqual(log[3][1], 'https://thirteen.example');
    assert.strictEqual(log[6][1], 'https://eight.example');
  }
);

contract(
  "a falsy result of verifyClient is a 401, and no 'wsClientError' (WS-CONTRACT 4, 6)",
  async ({ lib, log, t }) => {
    for (const result of [false, undefined, 0, '', null]) {
      const { wss, port } = await serve(t, lib, {
        verifyClient: () => result
      });
      wss.on('wsClientError', () => log('wsClientError'));
      wss.on('connection', () => log('connection'));
      log(await refused(t, port));
    }
    const { port } = await serve(t, lib, { verifyClient: () => 'truthy' });
    log((await open(t, port)).response);
  },
  (log) => {
    assert.strictEqual(
      log[0][0],
      'HTTP/1.1 401 Unauthorized\r\n' +
        'Connection: close\r\n' +
        'Content-Type: text/html\r\n' +
        'Content-Length: 12\r\n' +
        '\r\n' +
        'Unauthorized'
    );
    assert.strictEqual(log.length, 6);
  }
);

contract(
  'verifyClient(info, cb) answers with its code, message and headers (WS-CONTRACT 6)',
  async ({ lib, log, t }) => {
    const answers = [
      [false],
      [false, 404],
      [false, 404, ''],
      [false, 402, 'Pay f\u00fcr it'],
      [false, 429, 'Later', { 'Retry-After': 120 }],
      [false, 403, 'No', { Connection: 'x', 'Content-Type': 'text/plain' }],
      [false, 403, 'No', { 'Content-Length': 1 }],
      [false, 799, 'Odd'],
      [undefined, undefined, 'Text'],
      [0, '418', 'Tea'],
      [true, 404, 'ignored', { Ignored: 1 }]
    ];
    let answer;
    const { port } = await serve(t, lib, {
      verifyClient: (info, cb) => cb(...answer)
    });

    for (answer of answers) {
      const client = await connect(t, port);
      client.send(request());
      if (answer[0]) log(await client.readHead());
      else log((await client.readToEnd()).toString('latin1'));
    }
  },
  (log) => {
    assert.match(log[4][0], /^HTTP\/1\.1 429 Too Many Requests\r\n/);
    assert.match(log[4][0], /\r\nRetry-After: 120\r\n\r\nLater$/);
    assert.match(log.at(-1)[0], /^HTTP\/1\.1 101 /);
  }
);

contract(
  'verifyClient may answer later, and frames sent meanwhile arrive (WS-CONTRACT 1, 6)',
  async ({ lib, log, t }) => {
    let answer;
    const asked = new Promise((resolve) => {
      answer = resolve;
    });
    const { wss, port } = await serve(t, lib, {
      verifyClient(info, cb) {
        log('asked');
        answer(cb);
      }
    });
    const client = await connect(t, port);
    client.send(request());
    const cb = await asked;
    client.send('81 85 00000000 68656c6c6f');
    const heard = new Promise((resolve) => {
      wss.on('connection', (ws) => {
        log('connection');
        ws.on('message', (data) => resolve(data));
      });
    });

    setImmediate(cb, true);
    log(await heard);
    log(await client.readHead());
  },
  (log) => assert.deepStrictEqual(log[2], ['Buffer 68656c6c6f'])
);

contract(
  'destroys the socket, without a connection, when the client left before verifyClient answered (WS-CONTRACT 2)',
  async ({ lib, log, t }) => {
    let client;
    let closed;
    const done = new Promise((resolve) => {
      closed = resolve;
    });
    const { wss, port } = await serve(t, lib, {
      verifyClient({ req }, cb) {
        // The socket of a request ends with 'end', then answers FIN by itself or not.
        req.socket.on('end', () => {
          cb(true);
          log('answered', req.socket.destroyed);
          closed();
        });
        req.socket.resume();
        client.socket.end();
      }
    });
    wss.on('connection', () => log('connection'));
    client = await connect(t, port);
    client.send(request());
    await done;
    log(await client.readToEnd(), wss.clients.size);
  },
  (log) => assert.deepStrictEqual(log[0], ['answered', true])
);

contract(
  'verifyClient runs before the subprotocol is chosen and after it was parsed',
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib, {
      verifyClient() {
        log('verifyClient');
        return true;
      },
      handleProtocols() {
        log('handleProtocols');
        return 'a';
      }
    });
    wss.on('headers', () => log('headers'));
    wss.on('connection', () => log('connection'));
    const offer = (value) => ({ headers: { 'Sec-WebSocket-Protocol': value } });

    log(await refused(t, port, offer('a b')));
    log((await open(t, port, offer('a, b'))).response);
  },
  (log) => {
    assert.deepStrictEqual(
      log.slice(1, 5).map(([name]) => name),
      ['verifyClient', 'handleProtocols', 'headers', 'connection']
    );
  }
);

contract(
  'a request whose verifyClient answers after close() gets 503 (WS-CONTRACT 3)',
  async ({ lib, log, t }) => {
    let wss;
    const { wss: server, port } = await serve(t, lib, {
      verifyClient(info, cb) {
        wss.close(() => log('closed'));
        cb(true);
      }
    });
    wss = server;
    wss.on('wsClientError', () => log('wsClientError'));
    log(await refused(t, port));
  },
  (log) => {
    const [response] = log.find(([value]) => value !== 'closed');
    assert.match(response, /^HTTP\/1\.1 503 .*\r\n\r\nService Unavailable$/s);
  }
);
