'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { after, before, describe, it } = require('node:test');

const { launch, startExample, suiteOptions } = require('./support');

describe('examples/echo.js and the WebSocket of Chromium', suiteOptions, () => {
  let browser;
  let echo;
  let page;
  let pages;

  before(async () => {
    // A page of an ordinary origin, as any web application would be.
    pages = http.createServer((req, res) => {
      res.setHeader('Content-Type', 'text/html');
      res.end('<!doctype html><title>Echo</title>');
    });
    await once(pages.listen(0, '127.0.0.1'), 'listening');

    echo = await startExample('echo.js');
    browser = await launch();
    page = await browser.context.newPage();
    await page.goto(`http://localhost:${pages.address().port}/`);
  });

  after(async () => {
    await browser?.close();
    await echo?.stop();
    pages.closeAllConnections();
    pages.close();
  });

  /**
   * Runs `scenario(ws, next, argument)` in the page with an open socket. `next()`
   * resolves with the next message's data or, when that comes first, rejects with
   * the close event's code.
   */
  function inPage(scenario, argument) {
    return page.evaluate(
      async ([url, source, argument]) => {
        const ws = new WebSocket(url);
        const received = [];
        const waiting = [];
        const settle = () => {
          while (received.length > 0 && waiting.length > 0)
            waiting.shift()(received.shift());
        };
        const next = () =>
          new Promise((resolve, reject) => {
            waiting.push(resolve);
            ws.addEventListener('close', ({ code }) =>
              reject(new Error(`Closed: ${code}`))
            );
            settle();
          });

        ws.binaryType = 'arraybuffer';
        ws.onmessage = ({ data }) => {
          received.push(data);
          settle();
        };
        await new Promise((resolve, reject) => {
          ws.onopen = resolve;
          ws.onerror = () => reject(new Error(`Cannot open ${url}`));
        });

        try {
          return await (0, eval)(`(${source})`)(ws, next, argument);
        } finally {
          ws.close();
        }
      },
      [echo.url, scenario.toString(), argument]
    );
  }

  it('echoes text of several scripts as text', async () => {
    const text = 'Iron, žel𝕖zo, 鉄, حديد, 🦀';
    const echoed = await inPage(
      (ws, next, text) => (ws.send(text), next()),
      text
    );

    assert.equal(echoed, text);
  });

  it('echoes binary data as binary, all 256 bytes of it', async () => {
    const bytes = Array.from({ length: 256 }, (_, i) => i);
    const echoed = await inPage(async (ws, next, bytes) => {
      ws.send(new Uint8Array(bytes));
      const data = await next();
      return data instanceof ArrayBuffer
        ? Array.from(new Uint8Array(data))
        : typeof data;
    }, bytes);

    assert.deepEqual(echoed, bytes);
  });

  it('echoes empty messages, each as its kind', async () => {
    const echoed = await inPage(async (ws, next) => {
      ws.send('');
      ws.send(new ArrayBuffer(0));
      const text = await next();
      const binary = await next();
      return [text, binary instanceof ArrayBuffer, binary.byteLength];
    });

    assert.deepEqual(echoed, ['', true, 0]);
  });

  it('echoes a message of 1 MB byte for byte', async () => {
    const echoed = await inPage(async (ws, next) => {
      const sent = new Uint8Array(1_000_000);

      for (let i = 0, x = 1; i < sent.length; i++) {
        x = (Math.imul(x, 1103515245) + 12345) >>> 0;
        sent[i] = x >>> 24;
      }

      ws.send(sent);
      const received = new Uint8Array(await next());
      return [received.length, received.every((byte, i) => byte === sent[i])];
    });

    assert.deepEqual(echoed, [1_000_000, true]);
  });

  it('echoes 1000 messages sent at once in their order', async () => {
    const echoed = await inPage(async (ws, next) => {
      for (let i = 0; i < 1000; i++) ws.send(String(i));

      const received = [];
      while (received.length < 1000) received.push(Number(await next()));
      return received;
    });

    assert.deepEqual(
      echoed,
      Array.from({ length: 1000 }, (_, i) => i)
    );
  });

  it('returns the code and the reason of a close', async () => {
    const close = await inPage(async (ws) => {
      const closed = new Promise((resolve) =>
        ws.addEventListener('close', resolve)
      );
      ws.close(4001, 'Genug für heute');
      const { code, reason, wasClean } = await closed;
      return { code, reason, wasClean };
    });

    assert.deepEqual(close, {
      code: 4001,
      reason: 'Genug für heute',
      wasClean: true
    });
  });

  it('answers a close without a code by one without a code', async () => {
    const close = await inPage(async (ws) => {
      const closed = new Promise((resolve) =>
        ws.addEventListener('close', resolve)
      );
      ws.close();
      const { code, reason, wasClean } = await closed;
      return { code, reason, wasClean };
    });

    assert.deepEqual(close, { code: 1005, reason: '', wasClean: true });
  });
});
