'use strict';

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { connect, open, refused, serve } = require('../support/serve');
const { request } = require('../support/raw-client');

const UNACCEPTABLE = 'Invalid or unacceptable Sec-WebSocket-Extensions header';

const OFFERS = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; client_max_window_bits=9',
  'permessage-deflate; server_max_window_bits=10',
  'permessage-deflate; server_max_window_bits="10"; client_max_window_bits=8',
  'permessage-deflate; server_no_context_takeover',
  'permessage-deflate; client_no_context_takeover; server_no_context_takeover',
  'permessage-deflate; server_max_window_bits=8, permessage-deflate',
  'permessage-deflate; client_max_window_bits; server_max_window_bits=15, permessage-deflate; client_max_window_bits',
  'foo, permessage-deflate, bar; baz=1',
  'foo; permessage-deflate',
  'x-webkit-deflate-frame',
  'Permessage-Deflate'
];

const REFUSED = [
  '',
  ';',
  'permessage-deflate; =',
  'permessage-deflate; foo',
  'permessage-deflate, permessage-deflate; foo=1',
  'permessage-deflate; server_max_window_bits',
  'permessage-deflate; server_max_window_bits=7',
  'permessage-deflate; client_max_window_bits=16',
  'permessage-deflate; client_max_window_bits=10; client_max_window_bits=10',
  'permessage-deflate; server_no_context_takeover=true',
  'permessage-deflate; client_no_context_takeover=1'
];

const OPTIONS = [
  false,
  true,
  {},
  { serverNoContextTakeover: true, clientNoContextTakeover: true },
  { serverMaxWindowBits: 10, clientMaxWindowBits: 9 },
  { serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
  { serverMaxWindowBits: false, clientMaxWindowBits: false },
  { serverNoContextTakeover: false, clientNoContextTakeover: false },
  { threshold: 0, concurrencyLimit: 3, zlibDeflateOptions: { level: 1 } }
];

/** Offers extensions; logs all that a server answers, and what it has then. */
async function offer({ log, t }, { port, wss }, value) {
  const headers = { 'Sec-WebSocket-Extensions': value };
  const client = await connect(t, port);
  let ws = null;
  const keep = (connection) => (ws = connection);

  wss.once('connection', keep);
  client.send(request({ headers }));
  const head = await client.readHead();
  log(value, head);

  wss.removeListener('connection', keep);

  if (ws !== null) {
    log(ws.extensions, Object.keys(ws._extensions));
    log(ws._extensions['permessage-deflate']?.params);
  } else {
    log((await client.readToEnd()).toString());
  }
}

for (const options of OPTIONS) {
  contract(
    `answers offers, with perMessageDeflate: ${JSON.stringify(options)} (RFC 7692 7.1)`,
    async (scenario) => {
      const { lib, t } = scenario;
      const server = await serve(t, lib, { perMessageDeflate: options });

      for (const value of [...OFFERS, ...REFUSED]) {
        await offer(scenario, server, value);
      }
      await offer(scenario, server, null);
    },
    (log) => {
      const heads = log.filter(([, head]) => head?.startsWith?.('HTTP'));
      const accepted = heads.filter(([, head]) => /-Extensions: /.test(head));
      if (options === false) assert.strictEqual(accepted.length, 0);
      else {
        assert.notStrictEqual(accepted.length, 0);
        assert.ok(log.some(([text]) => text?.endsWith?.(UNACCEPTABLE)));
      }
    }
  );
}

contract(
  'the header of the response is in its place, and in its exact form',
  async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib, {
      perMessageDeflate: {
        clientMaxWindowBits: 12,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 11,
        serverNoContextTakeover: true
      }
    });
    wss.on('headers', (headers) => {
      log(headers.slice());
      headers.push('X-Last: 1');
    });
    const { response } = await open(t, port, {
      headers: {
        'Sec-WebSocket-Extensions':
          'permessage-deflate; client_max_window_bits',
        'Sec-WebSocket-Protocol': 'one, two'
      }
    });
    log(response);
  },
  (log) =>
    assert.strictEqual(
      log[1][0],
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
        'Sec-WebSocket-Protocol: one\r\n' +
        'Sec-WebSocket-Extensions: permessage-deflate; ' +
        'client_max_window_bits=12; server_no_context_takeover; ' +
        'client_no_context_takeover; server_max_window_bits=11\r\n' +
        'X-Last: 1\r\n\r\n'
    )
);

contract(
  'a bad offer is refused after a bad subprotocol, and before verifyClient is asked (WS-CONTRACT 3)',
  async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib, {
      perMessageDeflate: true,
      verifyClient: (info) => log('verifyClient', Object.keys(info)) === null
    });
    const bad = { 'Sec-WebSocket-Extensions': 'permessage-deflate; foo' };

    log(
      await refused(t, port, {
        headers: { ...bad, 'Sec-WebSocket-Protocol': 'one,,' }
      })
    );
    log(await refused(t, port, { headers: bad }));
    log(
      await refused(t, port, {
        headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
      })
    );
    wss.on('wsClientError', (err, socket) => {
      log(err);
      socket.destroy();
    });
    log(await refused(t, port, { headers: bad }));
  },
  (log) => {
    assert.match(log[0][0], /Invalid Sec-WebSocket-Protocol header$/);
    assert.ok(log[1][0].endsWith(UNACCEPTABLE));
    assert.strictEqual(log[2][0], 'verifyClient');
    assert.match(log[3][0], /^HTTP\/1.1 401 /);
    assert.strictEqual(log[4][0].message, UNACCEPTABLE);
  }
);

contract(
  'verifyClient that answers later gets the extension, too',
  async ({ lib, log, t }) => {
    const { port } = await serve(t, lib, {
      perMessageDeflate: true,
      verifyClient: (info, cb) => setImmediate(cb, true)
    });
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    log((await open(t, port, { headers })).response);
  },
  ([[head]]) => assert.match(head, /-Extensions: permessage-deflate\r\n/)
);

contract(
  'options that are changed later hold from then on',
  async (scenario) => {
    const { lib, t } = scenario;
    const server = await serve(t, lib, { perMessageDeflate: true });

    server.wss.options.perMessageDeflate = { serverMaxWindowBits: 9 };
    await offer(scenario, server, 'permessage-deflate');
    server.wss.options.perMessageDeflate = false;
    await offer(scenario, server, 'permessage-deflate');
  }
);
