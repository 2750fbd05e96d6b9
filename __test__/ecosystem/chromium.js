'use strict';

const { execFileSync } = require('node:child_process');

/** The path of Chromium: that of the variable CHROMIUM, or what the PATH has; null without one. */
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

const chromiumPath = findChromium();

/** What to give `describe()`: without Chromium the tests are skipped, but fail where `CI` is set. */
const suiteOptions = {
  skip:
    chromiumPath === null && !process.env.CI
      ? 'Chromium is not installed (set CHROMIUM to its path, or install the package chromium)'
      : false
};

module.exports = {
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
  executablePath: chromiumPath ?? 'chromium',
  suiteOptions
};
