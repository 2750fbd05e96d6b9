'use strict';

// npm run test:versions: the tests of __test__ on each version of Node.js that
// Ferrows supports, except those of browsers and of packages, which do not
// depend on it. The binaries come from npm when they are first used; delete
// FOLDER to get newer ones. With words after it, as in
// `npm run test:versions -- 22 26`, only these versions.

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const table = require('./table');

const ROOT = path.join(__dirname, '..');
const TESTS = '__test__';
const FOLDER = path.join(ROOT, 'node_modules', '.cache', 'node-versions');
const PACKAGE = `node-${process.platform}-${process.arch}`;

const VERSIONS = ['20', '22', '24', '26'];

/** They take long, and the version of Node.js changes nothing about them. */
const LEFT_OUT = ['browser', 'ecosystem', 'package'];

const COUNTS = ['tests', 'pass', 'fail', 'cancelled', 'skipped'];

async function main(words) {
  const unknown = words.filter((word) => !VERSIONS.includes(word));

  if (unknown.length !== 0) {
    fail(`No version ${unknown.join(', ')}; there are ${VERSIONS.join(', ')}.`);
  }

  const rows = [];
  const failures = [];

  for (const version of words.length === 0 ? VERSIONS : words) {
    const node = install(version);
    const { status, output, seconds } = await test(node);
    const counts = COUNTS.map((name) => last(output, name) ?? '–');

    rows.push([exactVersion(node), ...counts, `${seconds} s`]);
    if (status !== 0) failures.push([version, failed(output)]);
  }

  console.log(`\n${table([['Node.js', ...COUNTS, 'time'], ...rows])}`);

  for (const [version, text] of failures) {
    console.log(`\n=== Failed on Node.js ${version}\n\n${text}`);
  }

  process.exitCode = failures.length === 0 ? 0 : 1;
}

/** The path of the binary of a version, which is installed if it is not there. */
function install(version) {
  const folder = path.join(FOLDER, version);
  const binary = path.join(folder, 'node_modules', PACKAGE, 'bin', 'node');

  if (!fs.existsSync(binary)) {
    console.error(`ferrows: Installing Node.js ${version} …`);
    fs.mkdirSync(folder, { recursive: true });
    // npm installs into the next folder upwards that has one.
    fs.writeFileSync(path.join(folder, 'package.json'), '{}\n');

    const { error, status } = spawnSync(
      'npm',
      ['install', '--no-audit', '--no-fund', `${PACKAGE}@${version}`],
      { cwd: folder, stdio: ['ignore', 2, 2] }
    );

    if (error) fail(`npm cannot be run: ${error.message}`);
    if (status !== 0 || !fs.existsSync(binary)) {
      fail(`${PACKAGE}@${version} cannot be installed.`);
    }
  }

  return binary;
}

function exactVersion(node) {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

/** Runs the tests with a binary, and shows what they print. */
function test(node) {
  const areas = fs
    .readdirSync(path.join(ROOT, TESTS), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !LEFT_OUT.includes(entry.name))
    .map((entry) => path.join(TESTS, entry.name, path.sep));
  const started = Date.now();

  return new Promise((resolve) => {
    // test.js runs its files with the binary that it is run with.
    const child = spawn(node, [path.join(__dirname, 'test.js'), ...areas], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit']
    });
    let output = '';

    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.on('error', (error) => {
      resolve({ status: 1, output: error.message, seconds: 0 });
    });
    child.on('close', (status) => {
      const seconds = Math.round((Date.now() - started) / 1000);
      resolve({ status, output, seconds });
    });
  });
}

/** The last count of a name, as in `# pass 12`. */
function last(output, name) {
  const found = [...output.matchAll(new RegExp(`^# ${name} (\\d+)$`, 'gm'))];
  return found.at(-1)?.[1];
}

/** What the reporter says of failed tests, at its end. */
function failed(output) {
  const start = output.lastIndexOf('failing tests:');
  return output.slice(start === -1 ? -2000 : start).trim();
}

function fail(text) {
  console.error(`ferrows: ${text}`);
  process.exit(1);
}

main(process.argv.slice(2));
