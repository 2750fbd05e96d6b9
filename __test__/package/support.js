'use strict';

// What the tests of the packages share: a copy of the repository that can be
// packed without touching the repository, and a registry that has nothing but
// the two packages.

const { execFile } = require('node:child_process');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');

const ROOT = path.join(__dirname, '..', '..');

/** Not needed for packing. */
const LEFT_OUT = [
  '.git',
  '__test__/ecosystem/node_modules',
  'bench/floor/target',
  'bench/load/target',
  'bench/peers',
  'bench/results',
  'bench/rust-servers/target',
  'fuzz/target',
  'node_modules',
  'npm',
  'target'
];

const run = promisify(execFile);

/**
 * Makes an empty folder; `remove()` removes it with all that was put into it.
 */
function makeScratch() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-pack-'));

  return {
    folder,
    remove: () => fs.rmSync(folder, { recursive: true, force: true })
  };
}

/** Copies the repository with its addon, which then is packed as it is. */
function copyRepository(to, addon) {
  fs.cpSync(ROOT, to, {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => !LEFT_OUT.includes(path.relative(ROOT, source))
  });

  const now = new Date();
  fs.utimesSync(path.join(to, 'lib', addon), now, now);
  fs.symlinkSync(
    path.join(ROOT, 'node_modules'),
    path.join(to, 'node_modules')
  );
}

/**
 * Runs npm as on a machine that has Node.js only: no `cargo`, no cache of earlier
 * installations, no settings, and no network but `registry`.
 *
 * @param {String} cwd Where
 * @param {String} scratch A folder for what npm needs
 * @param {String[]} args Its arguments
 * @return {Promise<String>} What it printed
 */
async function npm(cwd, scratch, args) {
  const bin = path.join(scratch, 'bin');
  const node = path.join(bin, 'node');

  if (!fs.existsSync(node)) {
    fs.mkdirSync(bin);
    fs.symlinkSync(process.execPath, node);
    for (const name of ['npm', 'npx', 'sh', 'env']) {
      fs.symlinkSync(await which(name), path.join(bin, name));
    }
  }

  const { stdout } = await run('npm', args, {
    cwd,
    env: {
      PATH: bin,
      HOME: scratch,
      npm_config_cache: path.join(scratch, 'cache'),
      npm_config_update_notifier: 'false',
      npm_config_audit: 'false',
      npm_config_fund: 'false'
    }
  });
  return stdout;
}

/**
 * Packs a copy of the repository as its maintainers do: with Cargo, which knows
 * what is linked into the addon. The addon itself is not built again.
 *
 * @param {String} cwd The copy
 * @param {String} scratch A folder for what npm needs
 * @param {String} to The folder for the tarballs
 */
async function packRepository(cwd, scratch, to) {
  // npm hands its settings down, to `npm test` too.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_/i.test(name)
  );

  await run('npm', ['pack', '--pack-destination', to], {
    cwd,
    env: {
      ...Object.fromEntries(own),
      npm_config_cache: path.join(scratch, 'cache'),
      npm_config_update_notifier: 'false'
    }
  });
}

async function which(name) {
  const { stdout } = await run('which', [name]);
  return fs.realpathSync(stdout.trim());
}

/**
 * Starts a registry that has nothing but the packages of some tarballs.
 *
 * @param {String[]} tarballs Their paths
 * @return {Promise<{close: Function, url: String}>} The registry
 */
async function startRegistry(tarballs) {
  const packages = new Map();
  const files = new Map();
  const server = http.createServer((req, res) => {
    const name = decodeURIComponent(req.url.slice(1));

    if (files.has(name)) res.end(files.get(name));
    else if (packages.has(name)) res.end(JSON.stringify(packages.get(name)));
    else res.writeHead(404).end('{}');
  });

  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;

  for (const tarball of tarballs) {
    const manifest = await manifestOf(tarball);
    const { name, version } = manifest;
    const content = fs.readFileSync(tarball);
    const file = path.basename(tarball);
    const dist = {
      integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
      tarball: `${url}/${file}`
    };

    files.set(file, content);
    packages.set(name, {
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, dist } }
    });
  }

  return {
    url,
    close() {
      server.closeAllConnections();
      server.close();
    }
  };
}

/** The package.json in a tarball. */
async function manifestOf(tarball) {
  return JSON.parse(await read(tarball, 'package.json'));
}

/** What a file in a tarball says. */
async function read(tarball, file) {
  const { stdout } = await run('tar', ['xzOf', tarball, `package/${file}`]);
  return stdout;
}

/** The paths of the files in a tarball. */
async function filesOf(tarball) {
  const { stdout } = await run('tar', ['tzf', tarball]);
  return stdout
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''))
    .sort();
}

module.exports = {
  copyRepository,
  filesOf,
  makeScratch,
  manifestOf,
  npm,
  packRepository,
  read,
  ROOT,
  startRegistry
};
