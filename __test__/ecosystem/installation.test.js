'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { it } = require('node:test');
const { pathToFileURL } = require('node:url');

const { PACKAGES, WebSocket } = require('./support');

const FERROWS = require.resolve('../..');

/** What npm says of the installation: folder → manifest. */
function installed() {
  const lock = path.join(PACKAGES, '.package-lock.json');
  return JSON.parse(fs.readFileSync(lock, 'utf8')).packages;
}

/** The folders of all installed packages that depend on ws in any way. */
function dependents() {
  const packages = installed();

  return Object.keys(packages).filter((folder) => {
    if (!folder.startsWith('node_modules/')) return false;
    const { dependencies, optionalDependencies, peerDependencies } =
      packages[folder];
    return [dependencies, optionalDependencies, peerDependencies].some(
      (list) => list?.ws
    );
  });
}

it('is what `require("ws")` gives in each package that depends on ws', () => {
  const folders = dependents();
  assert.ok(folders.length >= 15, `only ${folders}`);

  for (const folder of folders) {
    const from = createRequire(path.join(__dirname, folder, 'package.json'));
    assert.equal(from.resolve('ws'), FERROWS, folder);
  }
});

it('is what `import "ws"` gives', async () => {
  const url = pathToFileURL(path.join(PACKAGES, 'ws', 'wrapper.mjs'));
  const byName = await import('ws');

  assert.equal(byName.default, WebSocket);
  assert.equal(byName.WebSocketServer, WebSocket.WebSocketServer);
  assert.equal(byName.default, (await import(url.href)).default);
});

it('is the only ws that is installed', () => {
  const copies = Object.keys(installed()).filter(
    (folder) =>
      folder.startsWith('node_modules/') && folder.endsWith('/node_modules/ws')
  );

  assert.deepEqual(copies, []);
  assert.equal(
    fs.realpathSync(path.join(PACKAGES, 'ws')),
    path.dirname(FERROWS)
  );
});
