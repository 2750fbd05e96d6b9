'use strict';

const assert = require('node:assert');
const net = require('node:net');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { header, RawServer } = require('../support/raw-server');
const { dial, follow } = require('./support');

/** What names a test's own server, and the random key, differ from run to run. */
function comparable(request, { port }) {
  return request
    .replaceAll(String(port), 'PORT')
    .replace(/^(Sec-WebSocket-Key): [\w+/]{22}==\r$/im, '$1: KEY\r');
}

/** Dials a raw server, logs the request's head, and gives the client up. */
async function logRequest({ lib, log, t }, raw, address, ...args) {
  const ws = dial({ lib, t }, address, ...args);
  const closed = follow(ws, () => {});
  const { request } = await raw.request();
  log(comparable(request, raw));
  ws.terminate();
  await closed;
}

/** How many bytes a key stands for. */
const bytesOf = (key) => Buffer.from(key, 'base64').length;

suite('the request, byte by byte (RFC 6455 §4.1)', () => {
  contract(
    'of a client without options',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      await logRequest({ lib, log, t }, raw, `ws://127.0.0.1:${raw.port}`);
    },
    (log) =>
      assert.deepStrictEqual(log, [
        [
          'GET / HTTP/1.1\r\n' +
            'Sec-WebSocket-Version: 13\r\n' +
            'Sec-WebSocket-Key: KEY\r\n' +
            'Connection: Upgrade\r\n' +
            'Upgrade: websocket\r\n' +
            'Host: 127.0.0.1:PORT\r\n\r\n'
        ]
      ])
  );

  contract('of a client with all of them', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const url = `ws://127.0.0.1:${raw.port}/a%20b/../c?d=é&e=%20#`;

    await logRequest({ lib, log, t }, raw, url, ['one', 'two'], {
      auth: 'user:pass',
      headers: {
        'X-Array': ['1', '2'],
        'x-lower': 'é'.normalize(),
        Cookie: 'c'
      },
      origin: 'https://example.com'
    });
  });

  contract(
    'whose key is new for each client: 16 bytes in base64',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const keys = new Set();

      for (let i = 0; i < 20; i++) {
        const ws = dial({ lib, t }, raw.port);
        const closed = follow(ws, () => {});
        const { request } = await raw.request();
        const key = header(request, 'Sec-WebSocket-Key');
        keys.add(key);
        log(key.length, bytesOf(key));
        ws.terminate();
        await closed;
      }

      log(keys.size);
    },
    (log) => {
      assert.deepStrictEqual(log[0], [24, 16]);
      assert.deepStrictEqual(log.at(-1), [20]);
    }
  );

  contract(
    'of version 8, whose origin has a name of its own (WS-CONTRACT 29)',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const origin = 'https://example.com';

      for (const protocolVersion of [8, 13]) {
        await logRequest({ lib, log, t }, raw, `ws://127.0.0.1:${raw.port}/`, {
          origin,
          protocolVersion
        });
      }
    },
    ([[old], [current]]) => {
      assert.match(old, /^Sec-WebSocket-Version: 8\r$/m);
      assert.match(old, /^Sec-WebSocket-Origin: https:\/\/example\.com\r$/m);
      assert.doesNotMatch(old, /^Origin:/m);
      assert.match(current, /^Origin: https:\/\/example\.com\r$/m);
    }
  );

  contract(
    'whose own headers cannot be replaced, unless written otherwise',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const headers of [
        { Connection: 'close', Upgrade: 'h2c', 'Sec-WebSocket-Version': '1' },
        { Origin: 'https://mine.example' },
        { Host: 'other.example' },
        { host: 'other.example:1' },
        { 'Sec-WebSocket-Protocol': 'mine' },
        { 'User-Agent': 'tests', 'X-Number': 7 }
      ]) {
        await logRequest({ lib, log, t }, raw, `ws://127.0.0.1:${raw.port}/`, {
          headers
        });
        await logRequest({ lib, log, t }, raw, `ws://127.0.0.1:${raw.port}/`, {
          headers,
          origin: 'https://option.example',
          protocols: 'option'
        });
      }
    }
  );

  contract('of an invalid header: it throws', ({ lib, log, t }) => {
    for (const headers of [
      { 'X-A': 'a\nb' },
      { 'X A': 'a' },
      { 'X-A': undefined }
    ]) {
      try {
        dial({ lib, t }, 'ws://127.0.0.1:1', { headers });
      } catch (error) {
        log(error);
      }
    }
  });
});

suite('the path (WS-CONTRACT 29)', () => {
  contract(
    'and the query are those of the address',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const path of ['', '/', '?a=b', '/x?', '/é/ü?ö', '/%zz', '//a//b']) {
        await logRequest(
          { lib, log, t },
          raw,
          `ws://127.0.0.1:${raw.port}${path}`
        );
      }
    }
  );
});

suite('authorization (WS-CONTRACT 29)', () => {
  contract(
    'is the userinfo of the address, decoded, before options.auth',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const host = `127.0.0.1:${raw.port}`;

      for (const [address, options] of [
        [`ws://user:pass@${host}`],
        [`ws://user@${host}`],
        [`ws://:pass@${host}`],
        [`ws://us%40er:p%3Aa%2Fss@${host}`],
        [`ws://%C3%A9:%E2%82%AC@${host}`],
        [`ws://${host}`, { auth: 'option:auth' }],
        [`ws://user:pass@${host}`, { auth: 'option:auth' }],
        [`ws://user:pass@${host}`, { headers: { authorization: 'Mine' } }],
        [`ws://user:pass@${host}`, { headers: { Authorization: 'Mine' } }],
        [`ws://${host}`, { auth: 'a:b', headers: { Authorization: 'Mine' } }],
        [`ws://user:pass@${host}`, { followRedirects: true }],
        [`ws://${host}`, { auth: 'a:b', followRedirects: true }]
      ]) {
        await logRequest({ lib, log, t }, raw, address, options ?? {});
      }
    },
    ([[first]]) =>
      assert.strictEqual(
        header(first, 'Authorization'),
        `Basic ${Buffer.from('user:pass').toString('base64')}`
      )
  );
});

suite('Host (WS-CONTRACT 29)', () => {
  /** The request options that a `createConnection` sees, with the connection made elsewhere. */
  async function logHost({ lib, log, t }, raw, address, options) {
    const seen = [];
    const ws = dial({ lib, t }, address, {
      ...options,
      createConnection: ({ host, port, path, servername }) => {
        seen.push(host, port, path, servername);
        return net.connect(raw.port, '127.0.0.1');
      }
    });
    const closed = follow(ws, () => {});
    const { request } = await raw.request();
    log(...seen, header(request, 'Host'), ws.url);
    ws.terminate();
    await closed;
  }

  contract(
    'leaves out the default port, and keeps the brackets of IPv6',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);

      for (const address of [
        'ws://example.test',
        'ws://example.test:80',
        'ws://example.test:443',
        'ws://example.test:8080',
        'wss://example.test',
        'wss://example.test:443/',
        'wss://example.test:80/',
        'https://example.test/',
        'ws://[::1]/',
        'ws://[::1]:80/',
        'ws://[::1]:81/',
        'ws://[2001:DB8:0::1]:81/',
        'ws://127.1/',
        'ws://ünïcode.test/'
      ]) {
        await logHost({ lib, log, t }, raw, address);
      }
    },
    (log) => {
      const hosts = log.map((entry) => entry[4]);
      assert.deepStrictEqual(hosts.slice(0, 9), [
        'example.test',
        'example.test',
        'example.test:443',
        'example.test:8080',
        'example.test',
        'example.test',
        'example.test:80',
        'example.test',
        '[::1]'
      ]);
    }
  );

  contract('knows another default port', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);

    for (const defaultPort of [0, 81, 8080]) {
      for (const address of ['ws://example.test', 'ws://example.test:81']) {
        await logHost({ lib, log, t }, raw, address, { defaultPort });
      }
    }
  });
});
