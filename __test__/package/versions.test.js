'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { ROOT } = require('./support');

const manifest = require('../../package.json');

function read(file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8');
}

test('package and crate have one version, which the changelog knows', () => {
  const [, version] = /^version = "(.*)"$/m.exec(read('Cargo.toml'));

  assert.equal(manifest.version, version);
  assert.ok(read('CHANGELOG.md').includes(`\n## [${version}]`));
});

test('package.json does not name the platform packages while it is developed', () => {
  // If this fails, `npm pack` was interrupted: `node scripts/pack.js after`.
  assert.equal(manifest.optionalDependencies, undefined);
});

test('the lock file has checksums for all packages', () => {
  const { '': root, ...packages } = require('../../package-lock.json').packages;

  assert.deepEqual(root.devDependencies, manifest.devDependencies);
  for (const [name, { integrity }] of Object.entries(packages)) {
    assert.match(integrity ?? '', /^sha512-/, name);
  }
});
