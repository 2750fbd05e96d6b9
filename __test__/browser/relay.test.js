'use strict';

const assert = require('node:assert/strict');
const { EventEmitter, on } = require('node:events');
const { after, before, describe, it } = require('node:test');

const { launch, startExample, suiteOptions } = require('./support');

const TIMEOUT_MS = 30_000;
const MIN_PICTURE_BYTES = 10_000;

describe('examples/relay in two tabs of Chromium', suiteOptions, () => {
  let ada;
  let ben;
  let browser;
  let relay;

  before(async () => {
    relay = await startExample('relay/server.js');
    browser = await launch();
    ada = await openTab('Ada');
    ben = await openTab('Ben');
  });

  after(async () => {
    await browser?.close();
    await relay?.stop();
  });

  /** Opens the page; `tab.pictures` emits the size of each one it receives. */
  async function openTab(name) {
    const page = await browser.context.newPage();
    const tab = { page, name, pictures: new EventEmitter(), errors: [] };

    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('pageerror', (err) => tab.errors.push(err));
    page.on('websocket', (ws) => {
      ws.on('framereceived', ({ payload }) => {
        if (typeof payload !== 'string')
          tab.pictures.emit('picture', payload.length);
      });
    });
    await page.addInitScript(
      (name) => sessionStorage.setItem('name', name),
      name
    );
    await page.goto(relay.url);

    return tab;
  }

  async function say(tab, text) {
    await tab.page.getByLabel('Your line').fill(text);
    await tab.page.getByRole('button', { name: 'Send' }).click();
  }

  /** Resolves once `tab` shows `text` as said by `author`. */
  async function hears(tab, author, text) {
    await tab.page
      .getByRole('log', { name: 'Chat' })
      .getByRole('listitem')
      .filter({ has: tab.page.getByText(author, { exact: true }) })
      .getByText(text, { exact: true })
      .waitFor();
  }

  /** Resolves once `tab` plays the picture of `name`, and its time goes on. */
  async function watches(tab, name) {
    const video = tab.page.getByLabel(`Picture of ${name}`);

    await video.waitFor({ state: 'attached' });

    const element = await video.elementHandle();
    const playsBeyond = (seconds) =>
      tab.page.waitForFunction(
        ([video, seconds]) =>
          video.videoWidth > 0 &&
          video.currentTime > seconds &&
          video.getVideoPlaybackQuality().totalVideoFrames > 0 &&
          !video.paused &&
          video.error === null &&
          video.currentTime,
        [element, seconds],
        { timeout: TIMEOUT_MS }
      );

    const time = await (await playsBeyond(0)).jsonValue();
    await playsBeyond(time + 0.5);
  }

  async function waitForPresence(tab, names) {
    await tab.page.waitForFunction(
      (names) => {
        const shown = Array.from(
          document.querySelectorAll('#people .name'),
          (e) => e.textContent
        );
        const count = Number(document.getElementById('count').textContent);
        return count === names.length && shown.sort().join() === names.join();
      },
      names,
      { timeout: TIMEOUT_MS }
    );
  }

  it('shows in both who is connected', async () => {
    await waitForPresence(ada, ['Ada', 'Ben']);
    await waitForPresence(ben, ['Ada', 'Ben']);
  });

  it('brings a line typed in one to the other, both ways', async () => {
    await say(ada, 'Hello from the first tab');
    await hears(ben, 'Ada', 'Hello from the first tab');
    await say(ben, 'Hello back, 🦀');
    await hears(ada, 'Ben', 'Hello back, 🦀');
  });

  it('shows markup as the text it is', async () => {
    const line = '<img src=x onerror="document.title = 1"> & <b>bold</b>';

    await say(ada, line);
    await hears(ben, 'Ada', line);
    assert.equal(
      await ben.page.locator('#lines img, #lines li p *').count(),
      0
    );
  });

  it('plays the picture of each in the other', async () => {
    await Promise.all([watches(ada, 'Ben'), watches(ben, 'Ada')]);
  });

  it('carries the pictures in messages of at least 10 kB', async () => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);

    for (const { pictures } of [ada, ben]) {
      for await (const [size] of on(pictures, 'picture', { signal })) {
        if (size >= MIN_PICTURE_BYTES) break;
      }
    }
  });

  it('lets somebody who comes later watch both, and tells of their leaving', async () => {
    const eve = await openTab('Eve');

    await waitForPresence(ada, ['Ada', 'Ben', 'Eve']);
    await Promise.all([
      watches(eve, 'Ada'),
      watches(eve, 'Ben'),
      watches(ada, 'Eve')
    ]);
    await eve.page.close();
    await waitForPresence(ada, ['Ada', 'Ben']);
    assert.deepEqual(eve.errors, []);
  });

  it('gives the same name only once', async () => {
    const other = await openTab('ada');

    await waitForPresence(ben, ['Ada', 'Ben', 'ada (2)']);
    await other.page.close();
    await waitForPresence(ben, ['Ada', 'Ben']);
  });

  it('shows what passes in a second', async () => {
    await ada.page.waitForFunction(
      () =>
        ['in', 'out'].every((direction) => {
          const meter = document.querySelector(
            `[data-direction=${direction}]`
          ).textContent;
          return (
            /[1-9][\d.]* [kM]B\/s/.test(meter) &&
            /[1-9]\d* messages?\/s/.test(meter)
          );
        }),
      null,
      { timeout: TIMEOUT_MS }
    );
  });

  it('stops showing a picture that is turned off, and shows a test picture', async () => {
    await ben.page.getByLabel('Off').check();
    await ada.page.waitForFunction(
      () => document.querySelectorAll('#people li.live').length === 1,
      null,
      { timeout: TIMEOUT_MS }
    );
    await ben.page.getByLabel('Test picture').check();
    await watches(ada, 'Ben');
  });

  it('reconnects by itself to a server restarted on the same port', async () => {
    const { port } = relay;
    const { code, stderr } = await relay.stop();

    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });

    for (const tab of [ada, ben]) {
      await tab.page.getByText('Reconnecting in').waitFor();
      await tab.page
        .getByRole('button', { name: 'Send' })
        .and(tab.page.locator(':disabled'))
        .waitFor();
    }

    relay = await startExample('relay/server.js', port);

    for (const tab of [ada, ben]) {
      await tab.page.getByText('Connected', { exact: true }).waitFor();
      await waitForPresence(tab, ['Ada', 'Ben']);
    }

    await say(ben, 'Here again');
    await hears(ada, 'Ben', 'Here again');
    await Promise.all([watches(ada, 'Ben'), watches(ben, 'Ada')]);
  });

  it('has run without an error in the pages', () => {
    assert.deepEqual([ada.errors, ben.errors], [[], []]);
  });
});
