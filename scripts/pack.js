'use strict';

// What `npm pack` does besides packing. Ferrows is two npm packages: `ferrows`,
// which is JavaScript, and one with the addon for each platform, such as
// `ferrows-linux-x64-gnu`, which npm installs with it where it fits.
//
//   before   joins the JavaScript to the files of `dist/`, and has package.json name
//            those; and writes the packages of the platforms into it, as
//            optionalDependencies. They are not there otherwise, for no registry
//            has the packages of a version that is being developed.
//   after    undoes that, and packs the platform package with the addon that was
//            built here, and the notices of what is linked into it, next to the
//            other tarball.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { bundle, FOLDER } = require('./bundle');
const notices = require('./notices');

const ROOT = path.join(__dirname, '..');
const MANIFEST = path.join(ROOT, 'package.json');

const OS_NAMES = { darwin: 'macOS', linux: 'Linux', win32: 'Windows' };
const NOTICES = 'THIRD-PARTY-NOTICES';

/** What package.json names in a clone, and in the package. */
const SOURCES = ['index.js', 'lib/*.js', 'wrapper.mjs'];
const BUNDLE = [FOLDER];
const ENTRIES = ['index.js', 'wrapper.mjs'];

const LIBC = { gnu: 'glibc', musl: 'musl' };

/** Rust's names of platforms, and those that the addon's file has. */
const PLATFORMS = {
  'x86_64-unknown-linux-gnu': 'linux-x64-gnu',
  'aarch64-unknown-linux-gnu': 'linux-arm64-gnu'
};

function before() {
  const manifest = readManifest();
  const { name, version, napi } = manifest;

  bundle();
  nameFiles(manifest, SOURCES, BUNDLE);
  nameEntries(manifest, (entry) => `${FOLDER}/${entry}`);
  manifest.optionalDependencies = Object.fromEntries(
    napi.targets.map((target) => [`${name}-${PLATFORMS[target]}`, version])
  );
  writeManifest(manifest);
}

function after() {
  const manifest = readManifest();
  delete manifest.optionalDependencies;
  nameFiles(manifest, BUNDLE, SOURCES);
  nameEntries(manifest, (entry) => entry);
  writeManifest(manifest);

  // `npm publish` calls this too.
  if (process.env.npm_command !== 'pack') return;
  if (process.env.npm_config_dry_run) return;

  const folder = stagePlatform(manifest);

  // Where the other tarball goes is handed down in the environment.
  execFileSync('npm', ['pack', '--silent', folder], {
    cwd: ROOT,
    env: { ...process.env, npm_config_json: '' },
    stdio: ['ignore', process.env.npm_config_json ? 2 : 1, 2]
  });
}

/** Has `files` name some instead of others. */
function nameFiles(manifest, old, current) {
  manifest.files = manifest.files
    .filter((file) => !old.includes(file) && !current.includes(file))
    .concat(current)
    .sort();
}

/** Has package.json point to the entries where they are. */
function nameEntries(manifest, pathOf) {
  const [commonjs, module] = ENTRIES.map(pathOf);
  const { import: imported, require: required } = manifest.exports['.'];

  manifest.main = commonjs;
  imported.default = `./${module}`;
  required.default = `./${commonjs}`;
}

/** Makes the folder of the platform package; returns its path. */
function stagePlatform({ name, version, license, author, engines }) {
  const lib = path.join(ROOT, 'lib');
  const addon = fs.readdirSync(lib).find((file) => file.endsWith('.node'));
  const platform = addon.slice(`${name}.`.length, -'.node'.length);
  const [os, cpu, abi] = platform.split('-');
  const folder = path.join(ROOT, 'npm', platform);
  const where = `${OS_NAMES[os]} on ${cpu}${abi ? ` (${LIBC[abi]})` : ''}`;

  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(path.join(lib, addon), path.join(folder, addon));
  fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'));
  fs.writeFileSync(path.join(folder, NOTICES), notices(targetOf(platform)));
  fs.writeFileSync(
    path.join(folder, 'README.md'),
    `# ${name}-${platform}\n\nThe native part of \`${name}\` for ${where}. ` +
      `npm installs it with \`${name}\`.\n`
  );
  writeJson(path.join(folder, 'package.json'), {
    name: `${name}-${platform}`,
    version,
    description: `The native part of ${name} for ${where}`,
    license,
    author,
    main: addon,
    files: [addon, NOTICES],
    engines,
    os: [os],
    cpu: [cpu],
    ...(abi && { libc: [LIBC[abi]] })
  });

  return folder;
}

/** Rust's name of a platform. */
function targetOf(platform) {
  return Object.keys(PLATFORMS).find((name) => PLATFORMS[name] === platform);
}

function readManifest() {
  return JSON.parse(fs.readFileSync(MANIFEST, 'utf8'));
}

/** Writes package.json, unless it says so already. */
function writeManifest(manifest) {
  if (JSON.stringify(manifest) !== JSON.stringify(readManifest())) {
    writeJson(MANIFEST, manifest);
  }
}

function writeJson(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

const steps = { before, after };

steps[process.argv[2]]();
