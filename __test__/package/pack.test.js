'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { after, before, describe, it } = require('node:test');
const WebSocket = require('ws');

const {
  copyRepository,
  filesOf,
  makeScratch,
  manifestOf,
  npm,
  packRepository,
  read,
  ROOT,
  startRegistry
} = require('./support');

const { name, version } = require('../../package.json');

describe('npm pack', () => {
  let scratch;
  let tarballs;
  let registry;
  let addon;
  let platform;

  before(async () => {
    scratch = makeScratch();
    addon = fs
      .readdirSync(path.join(ROOT, 'lib'))
      .find((file) => file.endsWith('.node'));
    platform = addon.slice('ferrows.'.length, -'.node'.length);

    const clone = path.join(scratch.folder, 'clone');
    const out = path.join(scratch.folder, 'out');
    const manifest = path.join(clone, 'package.json');

    copyRepository(clone, addon);
    fs.mkdirSync(out);

    const untouched = fs.readFileSync(manifest, 'utf8');
    await packRepository(clone, scratch.folder, out);
    assert.equal(fs.readFileSync(manifest, 'utf8'), untouched);

    tarballs = [name, `${name}-${platform}`].map((name) =>
      path.join(out, `${name}-${version}.tgz`)
    );
    registry = await startRegistry(tarballs);
  });

  after(() => {
    registry?.close();
    scratch.remove();
  });

  /** Makes an empty project; returns its folder. */
  function makeProject(title, manifest = {}) {
    const folder = path.join(scratch.folder, title);

    fs.mkdirSync(folder);
    fs.writeFileSync(
      path.join(folder, 'package.json'),
      JSON.stringify({ name: title, version: '1.0.0', ...manifest })
    );
    return folder;
  }

  /** Writes a program into a project and starts it, with nothing on the PATH. */
  function start(project, file, source) {
    fs.writeFileSync(path.join(project, file), source);
    return spawn(process.execPath, [file], {
      cwd: project,
      env: { PATH: '' },
      stdio: ['ignore', 'pipe', 'inherit']
    });
  }

  /** Runs a program to its end; returns what it printed, parsed. */
  async function evaluate(project, file, source) {
    const child = start(project, file, source);
    const chunks = [];

    child.stdout.on('data', (chunk) => chunks.push(chunk));
    const [status] = await once(child, 'close');

    assert.equal(status, 0);
    return JSON.parse(Buffer.concat(chunks).toString());
  }

  it('packs JavaScript and types, and the addon apart from them', async () => {
    const [main, native] = await Promise.all(tarballs.map(filesOf));

    assert.deepEqual(
      native,
      [
        'LICENSE',
        'README.md',
        'THIRD-PARTY-NOTICES',
        addon,
        'package.json'
      ].sort()
    );

    assert.deepEqual(
      main,
      [
        'LICENSE',
        'README.md',
        'browser.js',
        'dist/index.js',
        'dist/wrapper.mjs',
        'index.d.mts',
        'index.d.ts',
        'package.json'
      ].sort()
    );
  });

  it('packs the licences of what is linked into the addon', async () => {
    const [, native] = tarballs;
    const text = await read(native, 'THIRD-PARTY-NOTICES');
    const crates = linkedCrates();

    assert.ok(crates.includes('mio') && crates.includes('napi-sys'));

    for (const crate of crates) {
      assert.match(text, new RegExp(`^${crate} \\d\\S* \\(.+\\)`, 'm'), crate);
    }

    assert.match(text, /^The Rust standard library \(/m);
    // What only the compiler runs is not in the addon.
    assert.doesNotMatch(text, /^(napi-derive|napi-build|syn) \d/m);

    const sections = text.split(/^-{79}$/m).slice(1);

    for (const section of sections) {
      assert.match(section, /copyright|\(c\)/i);
      assert.match(section, /permission (is (hereby )?granted|to use, copy)/i);
    }
  });

  it('names the platform packages, each for its platform only', async () => {
    const [main, native] = await Promise.all(tarballs.map(manifestOf));

    assert.equal(main.dependencies, undefined);
    assert.equal(main.optionalDependencies[native.name], native.version);
    assert.deepEqual(native.os, [process.platform]);
    assert.deepEqual(native.cpu, [process.arch]);
    assert.equal(native.engines.node, main.engines.node);
  });

  it("serves the README's ten lines in an empty project, from two tarballs", async (t) => {
    const project = makeProject('tarballs');

    await npm(project, scratch.folder, ['install', '--offline', ...tarballs]);

    const lines = readmeServer();
    assert.ok(lines.split('\n').length <= 11, lines);

    const child = start(
      project,
      'main.js',
      `const began = process.hrtime.bigint();
       require('ferrows');
       const ms = Number(process.hrtime.bigint() - began) / 1e6;
       ${lines.replace('port: 8080', 'port: 0')}
       wss.on('listening', () => console.log(wss.address().port, ms));`
    );

    try {
      const [line] = await once(
        readline.createInterface({ input: child.stdout }),
        'line'
      );
      const [port, ms] = line.split(' ');
      t.diagnostic(`require('ferrows') took ${ms} ms`);

      const ws = new WebSocket(`ws://127.0.0.1:${port}`);
      await once(ws, 'open');
      ws.send('Hello');
      const [data, isBinary] = await once(ws, 'message');
      assert.equal(data.toString(), 'Hello');
      assert.equal(isBinary, false);
      ws.terminate();
    } finally {
      child.kill();
      await once(child, 'close');
    }
  });

  it('is imported by ES modules, with the same exports', async () => {
    const project = path.join(scratch.folder, 'tarballs');
    const { names, same } = await evaluate(
      project,
      'main.mjs',
      `import Default, * as all from 'ferrows';
       import { createRequire } from 'node:module';
       const required = createRequire(import.meta.url)('ferrows');
       console.log(JSON.stringify({
         names: Object.keys(all).sort(),
         same: Default === required &&
           Object.keys(all).every((name) =>
             name === 'default' || all[name] === required[name])
       }));`
    );

    assert.deepEqual(names, [
      'PerMessageDeflate',
      'Receiver',
      'Sender',
      'WebSocket',
      'WebSocketServer',
      'createWebSocketStream',
      'default',
      'extension',
      'subprotocol'
    ]);
    assert.ok(same);
  });

  it('brings its platform package along from a registry', async () => {
    const project = makeProject('registry');

    await npm(project, scratch.folder, [
      'install',
      `--registry=${registry.url}`,
      name
    ]);
    assert.equal(
      await evaluate(
        project,
        'main.js',
        "console.log(typeof require('ferrows').WebSocketServer === 'function')"
      ),
      true
    );
  });

  it('is ws for a project that has it under this name', async () => {
    const project = makeProject('alias', {
      dependencies: { ws: `npm:${name}@${version}` }
    });

    await npm(project, scratch.folder, [
      'install',
      `--registry=${registry.url}`
    ]);
    assert.equal(
      await evaluate(
        project,
        'main.js',
        `require('ws').WebSocketServer;
         console.log(JSON.stringify(require('ws/package.json').name));`
      ),
      name
    );
  });

  // A package that requires ws, as npm has thousands of.
  const dependent = {
    name: 'dependent',
    version: '1.0.0',
    dependencies: { ws: '^8.0.0' }
  };

  async function packDependent() {
    const folder = path.join(scratch.folder, 'dependent');

    if (!fs.existsSync(folder)) {
      fs.mkdirSync(folder);
      fs.writeFileSync(
        path.join(folder, 'package.json'),
        JSON.stringify(dependent)
      );
      fs.writeFileSync(
        path.join(folder, 'index.js'),
        `new (require('ws').WebSocketServer)({ noServer: true });
         module.exports = require('ws/package.json').name;`
      );
      await npm(folder, scratch.folder, ['pack']);
    }

    return `file:${path.join(folder, 'dependent-1.0.0.tgz')}`;
  }

  it('is ws for all packages below a project that overrides it', async () => {
    const project = makeProject('override', {
      dependencies: { dependent: await packDependent() },
      overrides: { ws: `npm:${name}@${version}` }
    });

    await npm(project, scratch.folder, [
      'install',
      `--registry=${registry.url}`
    ]);
    assert.equal(
      await evaluate(
        project,
        'main.js',
        "console.log(JSON.stringify(require('dependent')))"
      ),
      name
    );
  });

  it('is ws for a project and all packages below it, as one copy', async () => {
    const project = makeProject('both', {
      dependencies: {
        dependent: await packDependent(),
        ws: `npm:${name}@^${version}`
      },
      overrides: { ws: '$ws' }
    });

    await npm(project, scratch.folder, [
      'install',
      `--registry=${registry.url}`
    ]);
    assert.deepEqual(
      await evaluate(
        project,
        'main.js',
        `const below = require('module').createRequire(require.resolve('dependent'));
         console.log(JSON.stringify([
           require('dependent'),
           below.resolve('ws') === require.resolve('ws')
         ]));`
      ),
      [name, true]
    );
  });

  it('is ws for all packages below a project that overrides it with a file', async () => {
    const [main, native] = tarballs;
    const project = makeProject('override-file', {
      dependencies: {
        dependent: await packDependent(),
        [`${name}-${platform}`]: `file:${native}`
      },
      overrides: { ws: `file:${main}` }
    });

    await npm(project, scratch.folder, ['install', '--offline']);
    assert.equal(
      await evaluate(
        project,
        'main.js',
        "console.log(JSON.stringify(require('dependent')))"
      ),
      name
    );
  });

  it('says in a browser that it does not work there', () => {
    assert.throws(
      () => require('../../browser.js')(),
      /ferrows does not work in the browser/
    );
  });
});

/** The crates that Cargo links into the addon, as its own `tree` says. */
function linkedCrates() {
  const tree = execFileSync(
    'cargo',
    [
      ...['tree', '--locked', '--edges', 'normal,no-proc-macro'],
      ...['--prefix', 'none', '--format', '{p}']
    ],
    { cwd: ROOT, encoding: 'utf8' }
  );
  const names = tree.split('\n').map((line) => line.match(/^(\S+) v/)?.[1]);

  return [...new Set(names)].filter((crate) => crate && crate !== name);
}

/** The server in the README. */
function readmeServer() {
  const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const [, lines] = /```js\n([^`]*new WebSocketServer[^`]*)```/.exec(readme);
  return lines;
}
