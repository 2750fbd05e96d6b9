'use strict';

// Joins the JavaScript of Ferrows to one file, as it is packed: to find, read and compile
// forty files takes as long as all else that `require('ferrows')` does. Nothing is
// renamed or minified, so that a stack trace names what the sources name.

const { buildSync } = require('esbuild');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** What the package has in place of `index.js` and `lib/`. */
const FOLDER = 'dist';

/** Makes `dist/`: `index.js`, and `wrapper.mjs`, which imports it. */
function bundle() {
  const to = path.join(ROOT, FOLDER);

  fs.rmSync(to, { recursive: true, force: true });
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: ['index.js'],
    outdir: FOLDER,
    bundle: true,
    platform: 'node',
    target: 'node20',
    // The addon is in another package.
    packages: 'external',
    external: ['./ferrows.*'],
    logLevel: 'warning'
  });
  fs.copyFileSync(path.join(ROOT, 'wrapper.mjs'), path.join(to, 'wrapper.mjs'));
}

module.exports = { bundle, FOLDER };
