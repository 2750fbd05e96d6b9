'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { suite } = require('node:test');
const tls = require('node:tls');

const { SERVER } = require('../support/certificates');
const { contract } = require('../support/contract');
const { header, RawServer } = require('../support/raw-server');
const { dial, follow } = require('./support');

const BASIC = (text) => `Basic ${Buffer.from(text).toString('base64')}`;

/** Headers that name somebody; in other cases than usual, too. */
const SECRETS = {
  AUTHORIZATION: 'Bearer secret',
  Cookie: 'session=secret',
  Host: 'virtual.example',
  'X-Other': 'kept'
};

/** Starts raw servers on ports, Unix sockets and TLS: `{ http, more, unix, unix2, https }`. */
async function places(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-'));
  t.after(() => fs.rmSync(folder, { force: true, recursive: true }));
  const place = async (options, make) => {
    const raw = await RawServer.start(t, options);
    return { raw, url: make(raw.port) };
  };
  const unix = path.join(folder, 'one');
  const unix2 = path.join(folder, 'two');

  return {
    http: await place({}, (port) => `ws://127.0.0.1:${port}`),
    more: await place({}, (port) => `ws://127.0.0.1:${port}`),
    https: await place({ secure: SERVER }, (port) => `wss://127.0.0.1:${port}`),
    unix: await place({ path: unix }, () => `ws+unix:${unix}:`),
    unix2: await place({ path: unix2 }, () => `ws+unix:${unix2}:`)
  };
}

/**
 * Has a client follow a way of redirects; logs the headers of each request that name somebody.
 * `way` is a list of the keys of `places()`.
 */
async function travel(
  { lib, log, t },
  way,
  options,
  { listen, userinfo } = {}
) {
  const all = await places(t);
  const ports = Object.values(all).map(({ raw }) => raw.port);
  const steps = way.map((name, i) => ({
    raw: all[name].raw,
    url: (userinfo?.[i]
      ? all[name].url.replace('://', `://${userinfo[i]}@`)
      : all[name].url
    ).concat(`/${i}`)
  }));
  const ws = dial({ lib, t }, steps[0].url, {
    followRedirects: true,
    headers: SECRETS,
    rejectUnauthorized: false,
    ...options
  });
  const closed = follow(ws, log);
  if (listen) ws.on('redirect', () => {});

  for (const [i, { raw }] of steps.entries()) {
    const { request, socket } = await raw.request();
    const host = header(request, 'Host');

    log(
      way[i],
      header(request, 'Authorization'),
      header(request, 'Cookie'),
      ports.some((port) => host.endsWith(`:${port}`)) ? 'own host' : host,
      header(request, 'X-Other')
    );
    if (i + 1 < steps.length) {
      const next = steps[i + 1].url;
      socket.write(`HTTP/1.1 302 Found\r\nLocation: ${next}\r\n\r\n`);
    }
  }

  ws.terminate();
  await closed;
}

/** Of each step, whether authorization was kept. */
const kept = (log) =>
  log.filter((entry) => entry.length === 5).map((entry) => Boolean(entry[1]));

suite('authorization, cookie and host (WS-CONTRACT 33)', () => {
  contract(
    'are kept on the same host and port',
    (scenario) => travel(scenario, ['http', 'http', 'http']),
    (log) => {
      assert.deepStrictEqual(kept(log), [true, true, true]);
      assert.strictEqual(log[1][3], 'virtual.example');
    }
  );

  contract(
    'are dropped on another port, and kept when it leads back',
    (scenario) => travel(scenario, ['http', 'more', 'http', 'more']),
    (log) => {
      assert.deepStrictEqual(kept(log), [true, false, true, false]);
      assert.deepStrictEqual(
        log.slice(0, 2).map((entry) => entry[3]),
        ['virtual.example', 'own host']
      );
    }
  );

  contract(
    'are kept on the same Unix socket, and dropped on another',
    async (scenario) => {
      await travel(scenario, ['unix', 'unix']);
      await travel(scenario, ['unix', 'unix2', 'unix']);
    },
    (log) => assert.deepStrictEqual(kept(log), [true, true, true, false, true])
  );

  contract(
    'are dropped from a Unix socket to a port, and back',
    async (scenario) => {
      await travel(scenario, ['unix', 'http']);
      await travel(scenario, ['http', 'unix']);
    },
    (log) => assert.deepStrictEqual(kept(log), [true, false, true, false])
  );

  contract(
    'are dropped from wss to ws, and to another port of either',
    async (scenario) => {
      await travel(scenario, ['https', 'http']);
      await travel(scenario, ['http', 'https']);
      await travel(scenario, ['https', 'https', 'http', 'https']);
    },
    (log) =>
      assert.deepStrictEqual(kept(log), [
        ...[true, false],
        ...[true, false],
        ...[true, true, false, true]
      ])
  );

  contract(
    "stay, wherever it goes, with a listener of 'redirect'",
    (scenario) =>
      travel(scenario, ['https', 'http', 'unix', 'more'], {}, { listen: true }),
    (log) => assert.deepStrictEqual(kept(log), [true, true, true, true])
  );

  contract(
    'are dropped from wss to ws of the same host, which keeps its name',
    async ({ lib, log, t }) => {
      const secure = await RawServer.start(t, { secure: SERVER });
      const plain = await RawServer.start(t);
      const made = [secure, plain];
      // One name and one port for both.
      const ws = dial({ lib, t }, 'wss://other.test:8', {
        createConnection(options) {
          const { port } = made.shift();
          log(options.host, options.port);
          return port === secure.port
            ? tls.connect({
                port,
                host: '127.0.0.1',
                rejectUnauthorized: false
              })
            : net.connect(port, '127.0.0.1');
        },
        followRedirects: true,
        headers: SECRETS
      });
      const closed = follow(ws, log);
      const first = await secure.request();
      first.send(
        Buffer.from('HTTP/1.1 302 F\r\nLocation: ws://other.test:8\r\n\r\n')
      );
      const second = await plain.request();

      for (const { request } of [first, second]) {
        for (const name of ['authorization', 'cookie', 'host', 'x-other']) {
          log(name, header(request, name));
        }
      }
      ws.terminate();
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(log.slice(6, 10), [
        ['authorization', undefined],
        ['cookie', undefined],
        ['host', 'virtual.example'],
        ['x-other', 'kept']
      ])
  );
});

suite('the userinfo and auth (WS-CONTRACT 33)', () => {
  const NONE = { headers: {} };

  contract(
    "of the first address win over a redirect's",
    (scenario) =>
      travel(scenario, ['http', 'http', 'http'], NONE, {
        userinfo: ['first:1', 'second:2']
      }),
    (log) =>
      assert.deepStrictEqual(
        log.slice(0, 3).map((entry) => entry[1]),
        [BASIC('first:1'), BASIC('first:1'), BASIC('first:1')]
      )
  );

  contract(
    'of the first address go to no other host, where its own count',
    (scenario) =>
      travel(scenario, ['http', 'more', 'more'], NONE, {
        userinfo: ['first:1', 'second:2', undefined]
      })
  );

  contract('of a redirect alone', (scenario) =>
    travel(scenario, ['http', 'http', 'http', 'more'], NONE, {
      userinfo: [undefined, 'second:2', 'third:3', 'fourth:4']
    })
  );

  contract('in the option auth', async (scenario) => {
    const auth = { auth: 'option:0', headers: {} };
    await travel(scenario, ['http', 'http', 'more', 'http'], auth);
    await travel(scenario, ['http', 'more'], auth, { listen: true });
    await travel(scenario, ['http', 'http'], auth, {
      userinfo: ['a:1', 'b:2']
    });
  });

  contract('beside an Authorization header', async (scenario) => {
    const headers = { Authorization: 'Bearer mine' };
    await travel(
      scenario,
      ['http', 'http', 'more'],
      { headers },
      {
        userinfo: ['a:1', 'b:2', 'c:3']
      }
    );
  });
});
