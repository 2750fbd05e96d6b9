'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { suite } = require('node:test');

const { follow } = require('../client/support');
const { contract } = require('../support/contract');
const { header, RawServer } = require('../support/raw-server');
const { serve } = require('../support/serve');

const OPTIONS = [
  undefined,
  true,
  {},
  { clientMaxWindowBits: 9, serverMaxWindowBits: 10 },
  { clientMaxWindowBits: false },
  { clientMaxWindowBits: true, serverMaxWindowBits: true },
  { clientMaxWindowBits: null, serverMaxWindowBits: false },
  { clientNoContextTakeover: true, serverNoContextTakeover: true },
  { clientNoContextTakeover: false, serverNoContextTakeover: false },
  { threshold: 0, releaseAfter: 5, zlibDeflateOptions: { level: 3 } }
];

const RESPONSES = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits=9',
  'permessage-deflate; client_max_window_bits=15',
  'permessage-deflate; server_max_window_bits=8',
  'permessage-deflate; server_no_context_takeover',
  'permessage-deflate; client_no_context_takeover',
  'permessage-deflate; client_no_context_takeover; client_max_window_bits=10; server_max_window_bits=10; server_no_context_takeover'
];

const FAULTS = {
  'Invalid Sec-WebSocket-Extensions header': [
    '',
    ';;',
    'permessage-deflate; =',
    'permessage-deflate; foo',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; client_max_window_bits=9; client_max_window_bits=9'
  ],
  'Server indicated an extension that was not requested': [
    'foo',
    'foo, permessage-deflate',
    'permessage-deflate, foo',
    'Permessage-Deflate'
  ]
};

/** Makes a client with the default options, unless others are given. */
function dial({ lib, t }, address, perMessageDeflate) {
  const options = perMessageDeflate === undefined ? {} : { perMessageDeflate };
  const ws = new lib(address, 'one', options);

  t.after(() => {
    ws.on('error', () => {});
    ws.terminate();
  });
  return ws;
}

/** Dials a raw server that answers with an extension; logs what becomes of it. */
async function answer(scenario, perMessageDeflate, value) {
  const { log, t } = scenario;
  const raw = await RawServer.start(t);
  const ws = dial(scenario, `ws://127.0.0.1:${raw.port}`, perMessageDeflate);
  const closed = follow(ws, log);
  const peer = await raw.upgrade({
    // A close frame, if it gets so far.
    behind: '8800',
    headers: {
      'Sec-WebSocket-Protocol': 'one',
      'Sec-WebSocket-Extensions': value
    }
  });

  log(value, header(peer.request, 'Sec-WebSocket-Extensions'));
  await closed;
  log(ws.extensions, Object.keys(ws._extensions), ws.protocol);
  log(ws._extensions['permessage-deflate']?.params);
}

suite('a client offers (RFC 7692 §7.1)', () => {
  contract(
    'permessage-deflate by default, behind the other headers of the handshake',
    async (scenario) => {
      const { log, t } = scenario;
      const raw = await RawServer.start(t);

      for (const perMessageDeflate of [...OPTIONS, false, null, 0, 1]) {
        const ws = dial(
          scenario,
          `ws://127.0.0.1:${raw.port}`,
          perMessageDeflate
        );
        const closed = follow(ws, () => {});
        const { request } = await raw.request();
        log(request.replace(/Key: \S+/, 'Key').replace(String(raw.port), ''));
        ws.terminate();
        await closed;
      }
    },
    ([[request]]) =>
      assert.match(
        request,
        /\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Protocol: one\r\n/
      )
  );

  contract('it anew after a redirect', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = new lib(`ws://127.0.0.1:${raw.port}`, {
      followRedirects: true,
      perMessageDeflate: { serverMaxWindowBits: 9 }
    });
    const closed = follow(ws, log);

    await raw.upgrade({
      status: '302 Found',
      headers: { Location: '/next', Upgrade: null, Connection: 'close' }
    });
    const peer = await raw.upgrade({
      behind: '8800',
      headers: {
        'Sec-WebSocket-Extensions':
          'permessage-deflate; server_max_window_bits=9'
      }
    });
    log(header(peer.request, 'Sec-WebSocket-Extensions'), ws.extensions);
    await closed;
  });
});

for (const options of OPTIONS) {
  contract(
    `a client takes a response, with perMessageDeflate: ${JSON.stringify(options)} (RFC 7692 7.1)`,
    async (scenario) => {
      for (const value of RESPONSES) await answer(scenario, options, value);
      await answer(scenario, options, null);
    },
    (log) => assert.ok(log.some(([event]) => event === 'open'))
  );
}

suite('a client refuses a response (RFC 6455 §9.1)', () => {
  for (const [text, values] of Object.entries(FAULTS)) {
    contract(
      `with the error "${text}"`,
      async (scenario) => {
        for (const value of values) await answer(scenario, undefined, value);
      },
      (log) => {
        const errors = log.filter(([event]) => event === 'error');
        assert.strictEqual(errors.length, values.length);
        for (const [, { message }] of errors) assert.strictEqual(message, text);
      }
    );
  }

  contract('that accepts what was not offered', async (scenario) => {
    for (const value of RESPONSES) await answer(scenario, false, value);
  });
});

for (const [server, client] of [
  ['lib', 'ws'],
  ['ws', 'lib']
]) {
  contract(
    `the ${server === 'lib' ? 'server' : 'client'} and ws's agree on every combination`,
    async ({ lib, log, t }) => {
      const libraries = { lib, ws: require('ws') };

      for (const serverOptions of OPTIONS.slice(1)) {
        const { port, wss } = await serve(t, libraries[server], {
          perMessageDeflate: serverOptions
        });

        for (const clientOptions of OPTIONS.slice(1)) {
          const connected = once(wss, 'connection');
          const ws = new libraries[client](`ws://127.0.0.1:${port}`, {
            perMessageDeflate: clientOptions
          });
          const closed = new Promise((resolve) => ws.on('close', resolve));
          const ended = await once(ws, 'open').then(
            () => 'open',
            (error) => error.message
          );

          log(JSON.stringify([serverOptions, clientOptions]), ended);
          if (ended === 'open') {
            const [peer] = await connected;
            for (const { _extensions: extensions } of [ws, peer]) {
              log(extensions['permessage-deflate']?.params);
            }
            ws.close();
          }
          await closed;
        }
      }
    }
  );
}
