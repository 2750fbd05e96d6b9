'use strict';

const assert = require('node:assert');
const net = require('node:net');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { header, RawServer } = require('../support/raw-server');
const { dial, follow, PLAIN, thrown } = require('./support');

/** A connection that is never made, so that a client may be made for any address. */
const NOWHERE = { createConnection: () => new net.Socket() };

/** Makes a client that dials nowhere, logs `describe(ws)`, and gives it up. */
async function make({ lib, log }, args, describe) {
  const ws = new lib(...args);
  log(describe(ws));
  const closed = follow(ws, () => {});
  ws.terminate();
  await closed;
}

suite('the address (WS-CONTRACT 30)', () => {
  contract(
    'is a string or a URL, http(s) becomes ws(s), and url tells it',
    async ({ lib, log }) => {
      for (const address of [
        'ws://localhost',
        'ws://localhost:80',
        'ws://localhost:8080/a/../b?c=d',
        'WSS://Example.COM:443/%7Efoo?',
        'http://localhost/x',
        'https://localhost:444',
        'https://localhost:443',
        'ws://user:pass@localhost/',
        'ws://[::1]:8080/',
        'ws+unix:/tmp/some.socket:/path?query',
        'ws+unix:///tmp/some.socket',
        'ws+unix:relative',
        ' ws://localhost/ '
      ]) {
        for (const form of [address, new URL(address)]) {
          await make({ lib, log }, [form, { ...PLAIN, ...NOWHERE }], (ws) => [
            ws.url,
            ws.readyState,
            ws.protocol,
            ws.extensions,
            ws.bufferedAmount,
            ws.isPaused,
            ws.binaryType
          ]);
        }
      }
    },
    (log) => assert.strictEqual(log[8][0][0], 'ws://localhost/x')
  );

  contract(
    'leaves the URL object as it is',
    async ({ lib, log }) => {
      const url = new URL('http://localhost/x');
      await make({ lib, log }, [url, { ...PLAIN, ...NOWHERE }], () => url.href);
      log(url.href);
    },
    (log) => assert.deepStrictEqual(log[1], ['http://localhost/x'])
  );

  contract(
    'throws a SyntaxError if it is no URL, its scheme is another, it has a fragment or no path',
    ({ lib, log }) => {
      for (const address of [
        '',
        'foo',
        '/path',
        'ws://',
        'ws://local host',
        'ws://localhost:99999',
        undefined,
        7,
        {},
        'ftp://localhost',
        'file:///tmp/x',
        'ws+unix:',
        'ws://localhost#fragment',
        'wss://localhost/a?b#c',
        'https://localhost#d',
        'ws+unix:/a:/b#c',
        new URL('ftp://localhost'),
        new URL('ws://localhost/#foo')
      ]) {
        log(String(address));
        log(thrown(() => new lib(address, { ...PLAIN, ...NOWHERE })));
      }
    },
    (log) => {
      const errors = log.filter(([entry]) => typeof entry === 'object');
      assert.ok(errors.every(([error]) => error?.Class === 'SyntaxError'));
      assert.strictEqual(errors[1][0].message, 'Invalid URL: foo');
    }
  );

  contract(
    'may be invalid in a way that an earlier error hides',
    ({ lib, log }) => {
      const both = { protocolVersion: 1, ...PLAIN };
      log(thrown(() => new lib('foo', both)));
      log(thrown(() => new lib('ftp://a#b', PLAIN)));
      log(thrown(() => new lib('ws://localhost#b', ['a', 'a'], PLAIN)));
      log(thrown(() => lib('ws://localhost')));
    },
    (log) =>
      assert.deepStrictEqual(
        log.map(([error]) => error.Class),
        ['RangeError', 'SyntaxError', 'SyntaxError', 'TypeError']
      )
  );
});

suite('the protocols (WS-CONTRACT 29, 30)', () => {
  contract(
    'are given as a string, an array, or in the options',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const url = `ws://127.0.0.1:${raw.port}`;

      for (const args of [
        [],
        [PLAIN],
        [undefined, PLAIN],
        [[], PLAIN],
        ['a', PLAIN],
        [['a'], PLAIN],
        [['a', 'B', "!#$%&'*+-.^_`|~09"], PLAIN],
        [{ ...PLAIN, protocols: 'a' }],
        [{ ...PLAIN, protocols: ['a', 'b'] }],
        [{ ...PLAIN, protocols: [] }],
        [{ ...PLAIN, protocols: undefined }],
        [undefined, { ...PLAIN, protocols: 'c' }],
        [undefined, { ...PLAIN, protocols: ['c', 'd'] }],
        // The second argument wins.
        ['x', { ...PLAIN, protocols: 'y' }],
        [[], { ...PLAIN, protocols: 'y' }],
        // Options in the second place hide those in the third.
        [{ ...PLAIN, protocols: 'p' }, { protocols: 'q' }]
      ]) {
        const ws = new lib(url, ...args);
        const closed = follow(ws, () => {});
        const { request } = await raw.request();
        log(args.length, header(request, 'Sec-WebSocket-Protocol'));
        ws.terminate();
        await closed;
      }
    },
    (log) => assert.deepStrictEqual(log[8], [1, 'a,b'])
  );

  contract(
    'throw a SyntaxError if one is invalid or repeated',
    ({ lib, log }) => {
      const options = { ...PLAIN, ...NOWHERE };

      for (const protocols of [
        '',
        [''],
        null,
        7,
        true,
        false,
        [null],
        [undefined],
        [7],
        'a b',
        'a,b',
        'a\n',
        'é',
        ['a', 'a'],
        ['a', 'b', 'a'],
        ['(x)'],
        ['a', 'b/c'],
        [['a']]
      ]) {
        log(thrown(() => new lib('ws://localhost', protocols, options)));
      }
      for (const protocols of [null, '', 'a b', ['b', 'b'], {}, 0]) {
        const given = { ...options, protocols };
        log(thrown(() => new lib('ws://localhost', given)));
      }
    },
    (log) => {
      for (const [error] of log) {
        assert.deepStrictEqual(error, {
          Class: 'SyntaxError',
          message: 'An invalid or duplicated subprotocol was specified',
          code: undefined
        });
      }
    }
  );

  contract('are null with options: that is no protocol', ({ lib, log }) => {
    log(thrown(() => new lib('ws://localhost', null, PLAIN)));
  });
});

suite('the options', () => {
  contract(
    'throw a RangeError if the version is not supported (WS-CONTRACT 30)',
    ({ lib, log }) => {
      for (const protocolVersion of [0, 7, 12, 14, '13', null, undefined]) {
        log(
          thrown(() => new lib('ws://localhost', { ...PLAIN, protocolVersion }))
        );
      }
    },
    (log) =>
      assert.deepStrictEqual(log[3], [
        {
          Class: 'RangeError',
          message:
            'Unsupported protocol version: 14 (supported versions: 8, 13)',
          code: undefined
        }
      ])
  );

  contract(
    'that name an address are not heard: the address does that',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, `ws://127.0.0.1:${raw.port}/right`, {
        host: 'wrong.invalid',
        hostname: 'wrong.invalid',
        method: 'POST',
        path: '/wrong',
        port: 1,
        protocol: 'ftp:',
        socketPath: '/wrong',
        timeout: 1
      });
      const closed = follow(ws, () => {});
      const { request } = await raw.request();
      log(request.split('\r\n')[0]);
      ws.terminate();
      await closed;
    },
    (log) => assert.deepStrictEqual(log, [['GET /right HTTP/1.1']])
  );

  contract('are not changed', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);

    for (const followRedirects of [false, true]) {
      const headers = Object.freeze({ 'X-One': '1' });
      const options = Object.freeze({ ...PLAIN, followRedirects, headers });
      const url = `ws://a:b@127.0.0.1:${raw.port}/`;
      const ws = new lib(url, [], options);
      const closed = follow(ws, () => {});
      const { request } = await raw.request();
      log(header(request, 'x-one'), Object.keys(options), headers);
      ws.terminate();
      await closed;
    }
  });

  contract('are none: null and undefined', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const url = `ws://127.0.0.1:${raw.port}`;

    for (const args of [
      [undefined, null],
      [[], null],
      [undefined, undefined]
    ]) {
      const ws = new lib(url, ...args);
      const closed = follow(ws, () => {});
      const { request } = await raw.request();
      log(header(request, 'Sec-WebSocket-Version'));
      ws.terminate();
      await closed;
    }
  });

  contract('in the class: a subclass may be made', async ({ lib, log }) => {
    class Client extends lib {
      constructor(address) {
        super(address, { ...PLAIN, ...NOWHERE });
        this.more = 1;
      }
    }
    const ws = new Client('ws://localhost');
    log(ws instanceof lib, ws instanceof lib.WebSocket, ws.more, ws.url);
    const closed = follow(ws, log);
    ws.close();
    await closed;
  });
});
