'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, it } = require('node:test');

const puppeteer = require('puppeteer-core');

const { args, executablePath, suiteOptions } = require('./chromium');
const { PACKAGES, watch, WebSocket } = require('./support');

/**
 * playwright-core bundles ws, so npm cannot replace it. Its other files take it from this one,
 * when they are first used: they are given Ferrows instead.
 */
function redirect() {
  const file = path.join(PACKAGES, 'playwright-core/lib/utilsBundle.js');
  const bundle = require(file);

  assert.equal(typeof bundle.ws, 'function');
  assert.equal(typeof bundle.wsServer, 'function');
  require.cache[file].exports = {
    ...bundle,
    ws: WebSocket,
    wsReceiver: WebSocket.Receiver,
    wsSender: WebSocket.Sender,
    wsServer: WebSocket.Server
  };
}

redirect();
const { chromium } = require('playwright-core');

describe('playwright-core, its bundled ws replaced', suiteOptions, () => {
  it('is server and client of a remote browser', async (t) => {
    const opened = watch(t);
    const server = await chromium.launchServer({
      args,
      executablePath,
      host: '127.0.0.1'
    });
    t.after(() => server.close());

    const browser = await chromium.connect(server.wsEndpoint());
    t.after(() => browser.close());
    assert.equal(opened.clients.length, 1);
    assert.equal(opened.servers.length, 1);

    const page = await browser.newPage();
    await page.setContent('<h1>one</h1><button>press</button>');
    await page.evaluate(() => {
      /* global document */
      document.querySelector('button').onclick = () => {
        document.querySelector('h1').textContent = 'two';
      };
    });
    await page.click('button');
    assert.equal(await page.textContent('h1'), 'two');

    const long = 'x'.repeat(3_000_000);
    assert.equal(await page.evaluate((text) => text + '!', long), `${long}!`);
  });

  it('is a client of the DevTools socket', async (t) => {
    const opened = watch(t);
    const running = await puppeteer.launch({ args, executablePath });
    t.after(() => running.close());

    const browser = await chromium.connectOverCDP(running.wsEndpoint());
    t.after(() => browser.close());
    // puppeteer's is the other.
    assert.equal(opened.clients.length, 2);

    const page = await browser.contexts()[0].newPage();
    assert.equal(await page.evaluate(() => 6 * 7), 42);
  });
});
