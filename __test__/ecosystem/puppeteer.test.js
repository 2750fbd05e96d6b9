'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const puppeteer = require('puppeteer-core');

const { args, executablePath, suiteOptions } = require('./chromium');
const { assertUsesFerrows, watch } = require('./support');

describe('puppeteer-core', suiteOptions, () => {
  it('drives Chromium over its DevTools socket', async (t) => {
    assertUsesFerrows('puppeteer-core');

    const opened = watch(t);
    const browser = await puppeteer.launch({ args, executablePath });
    t.after(() => browser.close());
    assert.equal(opened.clients.length, 1);

    const page = await browser.newPage();
    await page.setContent('<h1>one</h1><button>press</button>');
    await page.evaluate(() => {
      /* global document */
      document.querySelector('button').onclick = () => {
        document.querySelector('h1').textContent = 'two';
      };
    });
    await page.click('button');
    assert.equal(await page.$eval('h1', (h1) => h1.textContent), 'two');

    // Messages of megabytes, there and back.
    const long = 'x'.repeat(3_000_000);
    assert.equal(await page.evaluate((text) => text + '!', long), `${long}!`);

    const png = await page.screenshot();
    assert.equal(Buffer.from(png).toString('latin1', 1, 4), 'PNG');

    // A second connection to the same browser.
    const second = await puppeteer.connect({
      browserWSEndpoint: browser.wsEndpoint()
    });
    assert.equal((await second.pages()).length, 2);
    await second.disconnect();
    assert.equal(opened.clients.length, 2);
  });
});
