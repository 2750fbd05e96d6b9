'use strict';

const assert = require('node:assert');
const http = require('node:http');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { RawServer } = require('../support/raw-server');
const { serve } = require('../support/serve');
const { turns } = require('../support/session');
const { after, dial, follow } = require('./support');

/** Answers the next request of a raw server with a redirect; returns its first line. */
async function redirect(raw, location, status = '302 Found') {
  const peer = await raw.request();
  const header = location === null ? '' : `Location: ${location}\r\n`;
  peer.send(Buffer.from(`HTTP/1.1 ${status}\r\n${header}\r\n`));
  return peer.request.split('\r\n')[0];
}

/** Takes what differs from run to run out of a text. */
const plainPort = (text, { port }) => text.replaceAll(String(port), 'PORT');

suite('redirects (WS-CONTRACT 33)', () => {
  contract(
    'are not followed by default',
    async ({ lib, log, t }) => {
      for (const options of [{}, { followRedirects: false }]) {
        const raw = await RawServer.start(t);
        const ws = dial({ lib, t }, raw.port, options);
        const closed = follow(ws, log);
        await redirect(raw, '/other');
        await closed;
        await turns();
        log(raw.connections.length);
      }
    },
    (log) =>
      assert.strictEqual(log[0][1].message, 'Unexpected server response: 302')
  );

  contract(
    'are followed with followRedirects, of each 3xx',
    async ({ lib, log, t }) => {
      for (const status of ['300', '301', '302', '303', '307', '308', '399']) {
        const raw = await RawServer.start(t);
        const ws = dial({ lib, t }, raw.port, { followRedirects: true });
        const closed = follow(ws, log);
        ws.on('redirect', (url, req) =>
          log(
            plainPort(url, raw),
            plainPort(ws.url, raw),
            req instanceof http.ClientRequest,
            ws.readyState
          )
        );
        log(await redirect(raw, '/other?x', `${status} See`));
        const peer = await raw.upgrade({ behind: '8800' });
        log(peer.request.split('\r\n')[0]);
        await closed;
        log(plainPort(ws.url, raw));
      }
    },
    (log) =>
      assert.deepStrictEqual(log.slice(0, 3), [
        ['GET / HTTP/1.1'],
        ['ws://127.0.0.1:PORT/other?x', 'ws://127.0.0.1:PORT/other?x', true, 0],
        ['GET /other?x HTTP/1.1']
      ])
  );

  contract(
    'are none without a location, and with another status',
    async ({ lib, log, t }) => {
      for (const [status, location] of [
        ['302 Found', null],
        ['200 OK', '/x'],
        ['400 Bad', '/x'],
        ['299 Odd', '/x']
      ]) {
        const raw = await RawServer.start(t);
        const ws = dial({ lib, t }, raw.port, { followRedirects: true });
        const closed = follow(ws, log);
        await redirect(raw, location, status);
        await closed;
        log(raw.connections.length);
      }
    }
  );

  contract(
    'are relative to the address, each to the one before',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, `ws://127.0.0.1:${raw.port}/a/b/c?q`, {
        followRedirects: true
      });
      const closed = follow(ws, log);

      for (const location of [
        'd',
        '../e?f',
        '?g',
        '/h/i/',
        'j',
        `//127.0.0.1:${raw.port}/k`,
        `ws://127.0.0.1:${raw.port}/l`,
        `http://127.0.0.1:${raw.port}/m`,
        ''
      ]) {
        log(await redirect(raw, location || '.'), plainPort(ws.url, raw));
      }

      const peer = await raw.upgrade({ behind: '8800' });
      log(peer.request.split('\r\n')[0], plainPort(ws.url, raw));
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(
        log.slice(0, 6).map(([line]) => line.split(' ')[1]),
        ['/a/b/c?q', '/a/b/d', '/a/e?f', '/a/e?g', '/h/i/', '/h/i/j']
      )
  );

  contract(
    'are at most ten, or maxRedirects',
    async ({ lib, log, t }) => {
      for (const maxRedirects of [undefined, 0, 1, 3]) {
        const raw = await RawServer.start(t);
        const options = { followRedirects: true };
        if (maxRedirects !== undefined) options.maxRedirects = maxRedirects;
        const ws = dial({ lib, t }, raw.port, options);
        const closed = follow(ws, log);
        const seen = [];
        ws.on('redirect', (url) => seen.push(new URL(url).pathname));

        for (let i = 0; i <= (maxRedirects ?? 10); i++) {
          await redirect(raw, `/${i}`);
        }
        await closed;
        await turns();
        log(seen, raw.connections.length);
      }
    },
    (log) => {
      assert.strictEqual(log[0][1].message, 'Maximum redirects exceeded');
      assert.deepStrictEqual(
        log.filter(([first]) => Array.isArray(first)).map(([, count]) => count),
        [11, 1, 2, 4]
      );
    }
  );

  contract(
    "to what is no address: an 'error' (WS-CONTRACT 30)",
    async ({ lib, log, t }) => {
      for (const location of [
        'ws://',
        'http://[::bad',
        'ftp://127.0.0.1/',
        'mailto:me@example.test',
        '/path#fragment',
        'ws+unix:',
        'ws://127.0.0.1:99999/'
      ]) {
        const raw = await RawServer.start(t);
        const ws = dial({ lib, t }, raw.port, { followRedirects: true });
        const closed = follow(ws, log);
        ws.on('redirect', () => log('redirect'));
        await redirect(raw, location);
        await closed;
        await turns();
        log(location, plainPort(ws.url, raw), ws.readyState);
      }
    },
    (log) => {
      const errors = log.filter(([event]) => event === 'error');
      assert.strictEqual(errors.length, 7);
      for (const [, { name }, readyState] of errors) {
        assert.deepStrictEqual([name, readyState], ['SyntaxError', 2]);
      }
    }
  );

  contract('to where nobody listens', async ({ lib, log, t }) => {
    const gone = await RawServer.start(t);
    const { port } = gone;
    gone.server.close();
    await after(gone.server, 'close');

    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port, { followRedirects: true });
    ws.on('error', ({ code }) => log(code, ws.readyState));
    const closed = after(ws, 'close');
    await redirect(raw, `ws://127.0.0.1:${port}/`);
    log(await closed, ws.readyState);
  });

  contract(
    'keep the subprotocols and have a key of their own',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port, ['a', 'b'], {
        followRedirects: true,
        headers: { 'X-Mine': '1' },
        origin: 'https://o.example'
      });
      const closed = follow(ws, log);
      const first = await raw.request();
      first.send(Buffer.from('HTTP/1.1 301 M\r\nLocation: /b\r\n\r\n'));
      const second = await raw.request();
      const keys = new Set();

      for (const { request } of [first, second]) {
        const [line, ...headers] = plainPort(request, raw).split('\r\n');
        log(line);
        for (const header of headers) {
          if (header.startsWith('Sec-WebSocket-Key')) keys.add(header);
          else log(header);
        }
      }
      log(keys.size);
      ws.terminate();
      await closed;
    },
    (log) => assert.ok(log.some(([size]) => size === 2))
  );

  contract(
    "with an 'unexpected-response' at their end",
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port, { followRedirects: true });
      const closed = follow(ws, log);
      ws.on('unexpected-response', (req, res) => {
        log(res.statusCode, req.path);
        ws.terminate();
      });
      await redirect(raw, '/b');
      await redirect(raw, null, '404 Not Found');
      await closed;
    }
  );

  contract(
    'are each within handshakeTimeout',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port, {
        followRedirects: true,
        handshakeTimeout: 100
      });
      const closed = follow(ws, log);
      await redirect(raw, '/b');
      log((await raw.request()).request.split('\r\n')[0]);
      await closed;
    },
    (log) =>
      assert.strictEqual(log[1][1].message, 'Opening handshake has timed out')
  );

  contract('end at a real server', async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    wss.on('connection', (ws) => ws.send('welcome'));
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port, { followRedirects: true });
    const closed = follow(ws, log);
    await redirect(raw, `ws://127.0.0.1:${port}/`);
    await after(ws, 'message');
    ws.close();
    await closed;
  });
});

suite("the listener of 'redirect' (WS-CONTRACT 32, 33)", () => {
  contract('may close or terminate', async ({ lib, log, t }) => {
    for (const method of ['close', 'terminate']) {
      const raw = await RawServer.start(t);
      const ws = dial({ lib, t }, raw.port, { followRedirects: true });
      const closed = follow(ws, log);
      ws.on('redirect', () => {
        ws[method]();
        log(method, ws.readyState);
      });
      await redirect(raw, '/b');
      await closed;
      await turns();
      log(ws.readyState);
    }
  });

  contract(
    'may destroy the request with an error, and then close',
    async ({ lib, log, t }) => {
      for (const closes of [false, true]) {
        const raw = await RawServer.start(t);
        const ws = dial({ lib, t }, raw.port, { followRedirects: true });
        const closed = follow(ws, log);
        ws.on('redirect', (url, req) => {
          req.destroy(new Error('not there'));
          if (closes) ws.close();
        });
        await redirect(raw, '/b');
        await closed;
      }
    }
  );

  contract('may change the headers', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const ws = dial({ lib, t }, raw.port, {
      followRedirects: true,
      headers: { Authorization: 'x', Cookie: 'y' }
    });
    const closed = follow(ws, log);
    ws.on('redirect', (url, req) => {
      log(req.getHeader('authorization'), req.getHeader('cookie'));
      req.removeHeader('cookie');
      req.setHeader('X-New', 'z');
    });
    await redirect(raw, '/b');
    const { request } = await raw.request();
    log(/^cookie/im.test(request), /^X-New: z\r$/m.test(request));
    ws.terminate();
    await closed;
  });
});
