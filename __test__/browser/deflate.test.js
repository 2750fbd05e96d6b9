'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { after, before, describe, it } = require('node:test');

const { WebSocketServer } = require('../..');
const { launch, suiteOptions } = require('./support');

const WINDOWS = [undefined, 8, 9, 12, 15];
const FORGETS = [undefined, true];

/** Every agreement that a server can make with Chromium, which offers `client_max_window_bits`. */
const AGREEMENTS = WINDOWS.flatMap((serverMaxWindowBits) =>
  WINDOWS.flatMap((clientMaxWindowBits) =>
    FORGETS.flatMap((serverNoContextTakeover) =>
      FORGETS.map((clientNoContextTakeover) => ({
        clientMaxWindowBits,
        clientNoContextTakeover,
        serverMaxWindowBits,
        serverNoContextTakeover,
        threshold: 0
      }))
    )
  )
);

describe(
  'permessage-deflate and the WebSocket of Chromium',
  suiteOptions,
  () => {
    let browser;
    let page;
    let pages;

    before(async () => {
      pages = http.createServer((req, res) => {
        res.setHeader('Content-Type', 'text/html');
        res.end('<!doctype html><title>Echo</title>');
      });
      await once(pages.listen(0, '127.0.0.1'), 'listening');
      browser = await launch();
      page = await browser.context.newPage();
      await page.goto(`http://localhost:${pages.address().port}/`);
    });

    after(async () => {
      await browser?.close();
      pages.closeAllConnections();
      pages.close();
    });

    /** Has the page send messages and get them back; returns what it knows then. */
    function echo(url) {
      return page.evaluate(async (address) => {
        const ws = new WebSocket(address);
        ws.binaryType = 'arraybuffer';
        await new Promise((resolve, reject) => {
          ws.onopen = resolve;
          ws.onerror = () => reject(new Error('Cannot open'));
        });

        const text = 'Eisen, žel𝕖zo, 鉄, '.repeat(2000);
        const noise = new Uint8Array(50_000);
        for (let i = 0, x = 1; i < noise.length; i++) {
          x = (Math.imul(x, 1103515245) + 12345) >>> 0;
          noise[i] = x >>> 24;
        }
        const sent = ['', 'a', 'a', text, text, noise, noise.slice(0, 200)];
        const received = [];
        const done = new Promise((resolve, reject) => {
          ws.onclose = ({ code }) => reject(new Error(`Closed: ${code}`));
          ws.onmessage = ({ data }) => {
            received.push(data);
            if (received.length === sent.length) resolve();
          };
        });

        for (const message of sent) ws.send(message);
        await done;
        ws.close();

        const same = sent.map((message, i) => {
          if (typeof message === 'string') return message === received[i];
          const bytes = new Uint8Array(received[i]);
          return (
            bytes.length === message.length &&
            bytes.every((byte, at) => byte === message[at])
          );
        });
        return { extensions: ws.extensions, same };
      }, url);
    }

    for (const transport of ['auto', 'stream']) {
      it(`echoes under every agreement, transport: ${transport}`, async () => {
        for (const perMessageDeflate of AGREEMENTS) {
          const wss = new WebSocketServer({
            host: '127.0.0.1',
            perMessageDeflate,
            port: 0,
            transport
          });
          let extensions;

          wss.on('headers', (headers) => {
            extensions = headers
              .at(-1)
              .replace('Sec-WebSocket-Extensions: ', '');
          });
          wss.on('connection', (ws) => {
            ws.on('message', (data, isBinary) =>
              ws.send(data, { binary: isBinary })
            );
          });
          await once(wss, 'listening');

          try {
            const { port } = wss.address();
            assert.deepEqual(await echo(`ws://127.0.0.1:${port}/`), {
              extensions,
              same: Array(7).fill(true)
            });
            assert.match(extensions, /^permessage-deflate/);
          } finally {
            for (const ws of wss.clients) ws.terminate();
            wss.close();
          }
        }
      });
    }
  }
);
