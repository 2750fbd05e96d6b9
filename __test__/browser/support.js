'use strict';

// What the tests in Chromium share: the browser, and the examples as children.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { chromium } = require('playwright-core');

const EXAMPLES = path.join(__dirname, '..', '..', 'examples');
const START_TIMEOUT_MS = 30_000;

const CHROMIUM_ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream'
];

const chromiumPath = findChromium();

/**
 * What to give `describe()`: without Chromium the tests are skipped, and say why,
 * except where `CI` is set. There `launch()` throws.
 */
const suiteOptions = {
  skip:
    chromiumPath === null && !process.env.CI
      ? 'Chromium is not installed (set CHROMIUM to its path, or install the package chromium)'
      : false
};

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;

  try {
    return execFileSync('which', ['chromium'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore']
    }).trim();
  } catch {
    return null;
  }
}

/** Starts Chromium with a new profile; returns `{ context, close }`. */
async function launch() {
  if (chromiumPath === null) throw new Error('Chromium is not installed');

  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-chromium-'));
  const removeProfile = () => {
    // Chromium's last children may still be writing.
    fs.rmSync(profile, {
      recursive: true,
      force: true,
      maxRetries: 10,
      retryDelay: 100
    });
  };

  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath,
      args: CHROMIUM_ARGS
    });

    return {
      context,
      async close() {
        await context.close();
        removeProfile();
      }
    };
  } catch (err) {
    removeProfile();
    throw err;
  }
}

/**
 * Starts an example as a child; resolves once it has printed its address. `port`
 * 0 lets the system choose.
 */
async function startExample(file, port = 0) {
  const child = spawn(process.execPath, [path.join(EXAMPLES, file)], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe']
  });
  const exited = once(child, 'exit');
  let stderr = '';

  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text) => {
    stderr += text;
  });

  const lines = readline.createInterface({ input: child.stdout });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  const first = await Promise.race([once(lines, 'line'), exited]);

  clearTimeout(timer);

  if (!/^\w+:\/\//.test(first[0])) {
    child.kill('SIGKILL');
    throw new Error(
      `${file} did not print its address but ended with ${first}: ${stderr}`
    );
  }

  return {
    url: first[0],
    port: Number(new URL(first[0]).port),
    /** Resolves with `{ code, signal, stderr }` once the child has ended. */
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [code, by] = await exited;
      return { code, signal: by, stderr };
    }
  };
}

module.exports = { launch, startExample, suiteOptions };
