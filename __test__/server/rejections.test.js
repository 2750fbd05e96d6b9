'use strict';

const assert = require('node:assert');
const http = require('node:http');

const { contract } = require('../support/contract');
const { request } = require('../support/raw-client');
const { connect, open, refused, serve } = require('../support/serve');

const KEY_TEXT = 'Missing or invalid Sec-WebSocket-Key header';
const VERSION_TEXT = 'Missing or invalid Sec-WebSocket-Version header';

/** What is wrong with a request, and the status and body of its response. */
const REJECTIONS = [
  ['a method other than GET', { method: 'POST' }, 405, 'Invalid HTTP method'],
  ['the method get', { method: 'HEAD' }, 405, 'Invalid HTTP method'],
  ['another Upgrade', { Upgrade: 'h2c' }, 400, 'Invalid Upgrade header'],
  [
    'an Upgrade that only begins right',
    { Upgrade: 'websocket, h2c' },
    400,
    'Invalid Upgrade header'
  ],
  ['no key', { 'Sec-WebSocket-Key': null }, 400, KEY_TEXT],
  ['an empty key', { 'Sec-WebSocket-Key': '' }, 400, KEY_TEXT],
  [
    'a key that is too short',
    { 'Sec-WebSocket-Key': 'P5l8BJcZwRc=' },
    400,
    KEY_TEXT
  ],
  [
    'a key that is too long',
    { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQAA' },
    400,
    KEY_TEXT
  ],
  [
    'a key with a wrong character',
    { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j-Q==' },
    400,
    KEY_TEXT
  ],
  ['no version', { 'Sec-WebSocket-Version': null }, 400, VERSION_TEXT],
  ['an empty version', { 'Sec-WebSocket-Version': '' }, 400, VERSION_TEXT],
  ['version 12', { 'Sec-WebSocket-Version': '12' }, 400, VERSION_TEXT],
  ['version 14', { 'Sec-WebSocket-Version': '14' }, 400, VERSION_TEXT],
  ['two versions', { 'Sec-WebSocket-Version': '13, 8' }, 400, VERSION_TEXT],
  [
    'an empty Sec-WebSocket-Protocol',
    { 'Sec-WebSocket-Protocol': '' },
    400,
    'Invalid Sec-WebSocket-Protocol header'
  ],
  [
    'a malformed Sec-WebSocket-Protocol',
    { 'Sec-WebSocket-Protocol': 'foo,bar,,' },
    400,
    'Invalid Sec-WebSocket-Protocol header'
  ],
  [
    'a subprotocol that is offered twice',
    { 'Sec-WebSocket-Protocol': 'foo, foo' },
    400,
    'Invalid Sec-WebSocket-Protocol header'
  ]
];

/** Options of `request()` from one of them that has `method`, or from headers. */
function asRequest(wrong) {
  return wrong.method === undefined ? { headers: wrong } : wrong;
}

for (const [what, wrong, status, text] of REJECTIONS) {
  contract(
    `refuses ${what} with ${status} "${text}" (WS-CONTRACT 3)`,
    async ({ lib, log, t }) => {
      const { wss, port } = await serve(t, lib);
      wss.on('connection', () => log('connection'));

      log(await refused(t, port, asRequest(wrong)));
      // The server goes on.
      const { response } = await open(t, port);
      log(response);
    },
    ([[response], ...rest]) => {
      assert.ok(response.startsWith(`HTTP/1.1 ${status} `), response);
      assert.ok(response.endsWith(`\r\n\r\n${text}`), response);
      assert.deepStrictEqual(rest[0], ['connection']);
      assert.match(rest[1][0], /^HTTP\/1\.1 101 /);
    }
  );

  contract(
    `leaves ${what} to a 'wsClientError' listener (WS-CONTRACT 4)`,
    async ({ lib, log, t }) => {
      const { wss, port } = await serve(t, lib);

      wss.on('wsClientError', (err, socket, req) => {
        log(err, socket === req.socket, req.url, socket.bytesWritten);
        log(err.stack.split('\n')[1].includes('handleUpgrade'));
        // Later, so that anything that the library wrote would be there.
        setImmediate(() => socket.end('mine'));
      });

      log(await refused(t, port, { path: '/q?', ...asRequest(wrong) }));
    },
    ([[error], , [response]]) => {
      assert.strictEqual(error.message, text);
      assert.strictEqual(response, 'mine');
    }
  );
}

contract(
  'names the versions it speaks when it refuses another (RFC 6455 §4.4)',
  async ({ lib, log, t }) => {
    const { port } = await serve(t, lib);
    log(await refused(t, port, { headers: { 'Sec-WebSocket-Version': '7' } }));
  },
  ([[response]]) => {
    assert.strictEqual(
      response,
      'HTTP/1.1 400 Bad Request\r\n' +
        'Connection: close\r\n' +
        'Content-Type: text/html\r\n' +
        'Content-Length: 47\r\n' +
        'Sec-WebSocket-Version: 13, 8\r\n' +
        '\r\n' +
        VERSION_TEXT
    );
  }
);

contract(
  'a request with several faults is refused for the first, in a fixed order (WS-CONTRACT 3)',
  async ({ lib, log, t }) => {
    const { port } = await serve(t, lib, {
      path: '/right',
      verifyClient: () => false
    });
    const faults = {
      method: 'PUT',
      path: '/wrong',
      headers: {
        Upgrade: 'foo',
        'Sec-WebSocket-Key': 'x',
        'Sec-WebSocket-Version': '1',
        'Sec-WebSocket-Protocol': ','
      }
    };
    const mend = async (change) => {
      log(await refused(t, port, faults));
      change();
    };

    await mend(() => delete faults.method);
    await mend(() => delete faults.headers.Upgrade);
    await mend(() => delete faults.headers['Sec-WebSocket-Key']);
    await mend(() => delete faults.headers['Sec-WebSocket-Version']);
    await mend(() => (faults.path = '/right'));
    await mend(() => delete faults.headers['Sec-WebSocket-Protocol']);
    await mend(() => {});
  },
  (log) => {
    const bodies = log.map(([response]) => response.split('\r\n\r\n')[1]);
    assert.deepStrictEqual(bodies, [
      'Invalid HTTP method',
      'Invalid Upgrade header',
      KEY_TEXT,
      VERSION_TEXT,
      'Bad Request',
      'Invalid Sec-WebSocket-Protocol header',
      'Unauthorized'
    ]);
  }
);

contract(
  "refuses another path with 400 and no 'wsClientError' (WS-CONTRACT 4)",
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib, { path: '/foo' });

    wss.on('wsClientError', () => log('wsClientError'));
    log(await refused(t, port, { path: '/bar' }));
    log(await refused(t, port, { path: '/foo/' }));
    log((await open(t, port, { path: '/foo?bar' })).response);
  },
  (log) => {
    assert.match(log[0][0], /^HTTP\/1\.1 400 .*\r\n\r\nBad Request$/s);
    assert.match(log[2][0], /^HTTP\/1\.1 101 /);
  }
);

contract(
  'refuses where shouldHandle() was overridden to say no',
  async ({ lib, log, t }) => {
    const { wss, port } = await serve(t, lib);
    wss.shouldHandle = (req) => req.url !== '/no';
    log(await refused(t, port, { path: '/no' }));
    log((await open(t, port, { path: '/yes' })).response);
  }
);

contract(
  'accepts versions 8 and 13, and an Upgrade of any case (WS-CONTRACT 3)',
  async ({ lib, log, t }) => {
    const { port } = await serve(t, lib);
    const versions = ['8', '13', '013', '1.3e1', '0xd', ' 8 ', '+13', '-8'];

    for (const version of [...versions, '0b1000', '13.0', '1_3', 'Infinity']) {
      const client = await connect(t, port);
      client.send(request({ headers: { 'Sec-WebSocket-Version': version } }));
      log(version, await client.readHead());
    }
    for (const upgrade of ['WebSocket', 'WEBSOCKET', ' websocket ']) {
      log((await open(t, port, { headers: { Upgrade: upgrade } })).response);
    }
  },
  (log) => assert.match(log[0][1], /^HTTP\/1\.1 101 /)
);

contract(
  'refuses a malformed Sec-WebSocket-Extensions where perMessageDeflate is on, else not (WS-CONTRACT 3)',
  async ({ lib, log, t }) => {
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate; =' };
    const on = await serve(t, lib, { perMessageDeflate: true });
    const off = await serve(t, lib);

    log(await refused(t, on.port, { headers }));
    on.wss.on('wsClientError', (err, socket) => {
      log(err);
      socket.destroy();
    });
    log(await refused(t, on.port, { headers }));
    log((await open(t, off.port, { headers })).response);
  },
  ([[response], [error]]) => {
    const text = 'Invalid or unacceptable Sec-WebSocket-Extensions header';
    assert.ok(response.endsWith(`\r\n\r\n${text}`), response);
    assert.strictEqual(error.message, text);
  }
);

contract(
  'answers plain HTTP with 426 (WS-CONTRACT 5)',
  async ({ lib, log, t }) => {
    const { port } = await serve(t, lib);
    const agent = new http.Agent();

    for (const method of ['GET', 'POST', 'HEAD']) {
      const { statusCode, statusMessage, headers, body } = await new Promise(
        (resolve, reject) => {
          const req = http.request({ port, method, agent, host: '127.0.0.1' });
          req.on('error', reject);
          req.on('response', (res) => {
            res.body = '';
            res.on('data', (chunk) => (res.body += chunk));
            res.on('end', () => resolve(res));
          });
          req.end();
        }
      );
      delete headers.date;
      log(method, statusCode, statusMessage, headers, body);
    }
    agent.destroy();
  },
  ([entry]) => {
    assert.deepStrictEqual(entry.slice(0, 3), ['GET', 426, 'Upgrade Required']);
    assert.strictEqual(entry[4], 'Upgrade Required');
  }
);
