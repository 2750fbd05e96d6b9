'use strict';

// Part of `npm run lint`. Each `unsafe` block has a `// SAFETY:` comment, also where the compiler of this
// platform does not look. Of those in src/, docs/unsafe.md lists as many as there are. The other crates are
// for measuring and for fuzzing, and are not shipped: theirs are not listed.

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const LIST = 'docs/unsafe.md';
const UNLISTED = [
  'bench/floor',
  'bench/load',
  'bench/rust-servers',
  'fuzz',
  'build.rs'
];

/** A block, or the definition of a function. The type of a function does nothing. */
const UNSAFE = /\bunsafe\s*\{|\bunsafe\s+(?:extern\s+"C"\s+)?fn\s+\w/g;

/** The paths of all sources in a file or a directory, from the repository's root. */
function sources(place) {
  if (place.endsWith('.rs')) return [place];

  return fs
    .readdirSync(path.join(ROOT, place), { withFileTypes: true })
    .filter(({ name }) => name !== 'target' && name !== 'node_modules')
    .map((entry) => [path.posix.join(place, entry.name), entry.isDirectory()])
    .filter(([name, isDirectory]) => isDirectory || name.endsWith('.rs'))
    .flatMap(([name, isDirectory]) => (isDirectory ? sources(name) : [name]));
}

/** How often a line of code says `unsafe`. */
function countIn(line) {
  return (line.replace(/\/\/.*/, '').match(UNSAFE) ?? []).length;
}

/** Whether the statement that line `index` belongs to has a `SAFETY:` comment above it. */
function isExplained(lines, index) {
  for (let i = index - 1; i >= 0; i--) {
    const line = lines[i].trim();

    if (line.startsWith('//')) {
      if (/^\/\/ SAFETY: \S|^\/\/\/ # Safety$/.test(line)) return true;
    } else if (!line.startsWith('#[') && /^$|[;{}]$/.test(line)) {
      return false;
    }
  }

  return false;
}

/** What the list says: a count by file. Several rows may be of one file. */
function listed() {
  const counts = new Map();
  const rows = fs.readFileSync(path.join(ROOT, LIST), 'utf8').split('\n');

  for (const row of rows) {
    const [, file, count] = row.match(/^\| `(src\/\S+)` +\| +(\d+) +\|/) ?? [];
    if (file) counts.set(file, (counts.get(file) ?? 0) + Number(count));
  }

  return counts;
}

/** Counts `unsafe` in a file, and adds those without a comment to `faults`. */
function look(file, faults) {
  const lines = fs.readFileSync(path.join(ROOT, file), 'utf8').split('\n');
  let count = 0;

  lines.forEach((line, index) => {
    const found = countIn(line);
    count += found;

    // What C calls back explains itself inside.
    if (found && !/extern "C" fn/.test(line) && !isExplained(lines, index)) {
      faults.push(`${file}:${index + 1}: no // SAFETY: above it`);
    }
  });
  return count;
}

function main() {
  const faults = [];
  const counts = listed();

  for (const file of sources('src')) {
    const count = look(file, faults);
    const expected = counts.get(file) ?? 0;
    counts.delete(file);

    if (count !== expected) {
      faults.push(`${file}: ${count} unsafe, ${LIST} lists ${expected}`);
    }
  }

  for (const place of UNLISTED) {
    const files = sources(place);
    for (const file of files) look(file, faults);
    if (files.length === 0) faults.push(`${place}: has no Rust`);
  }

  for (const file of counts.keys()) {
    faults.push(`${file}: is listed in ${LIST}, and is not there`);
  }

  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

main();
