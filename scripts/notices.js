'use strict';

// The notices of the crates that are linked into the addon, whose licences ask
// for them wherever the addon goes. pack.js puts them into the platform package.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

const LICENCE_FILE = /^(copying|copyright|licen[cs]e|notice|unlicense)/i;

/** Bytes of Cargo's answer; it describes each crate at length. */
const MOST_METADATA = 64 * 1024 * 1024;

const RULE = '-'.repeat(79);

/** The text of the MIT licence, for crates that come without a file of it. */
const mit = (holders) => `MIT License

Copyright (c) ${holders}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

/** Every program in Rust has it in it, and Cargo does not list it. */
const STANDARD_LIBRARY = {
  title: 'The Rust standard library',
  license: 'MIT OR Apache-2.0',
  repository: 'https://github.com/rust-lang/rust',
  text: mit('The Rust Project contributors')
};

/**
 * Collects the notices.
 *
 * @param {String} target Rust's name of the platform
 * @return {String} The text of the file
 * @throws {Error} If a crate has no licence that can be told
 */
function notices(target) {
  const crates = linkedCrates(target).map((crate) => ({
    title: `${crate.name} ${crate.version}`,
    license: crate.license,
    repository: crate.repository,
    text: licenceOf(crate)
  }));

  // Crates of one project often have one text.
  const groups = new Map();

  for (const crate of [...crates, STANDARD_LIBRARY]) {
    const group = groups.get(crate.text) ?? [];
    groups.set(crate.text, [...group, crate]);
  }

  const sections = [...groups].map(([text, group]) => {
    const titles = group.map(
      ({ title, license, repository }) =>
        `${title} (${license})${repository ? `, ${repository}` : ''}`
    );

    return `${RULE}\n${titles.join('\n')}\n\n${text}\n`;
  });

  return (
    'The addon of Ferrows contains the following software, each under the licence\n' +
    'given with it. Where its authors offer several, it is used under the MIT licence.\n\n' +
    sections.join('\n')
  );
}

/**
 * The crates that end up in the addon, by Cargo's lock file: not ours, and none that the compiler
 * runs (procedural macros, build scripts and what these need).
 */
function linkedCrates(target) {
  const { packages, resolve } = JSON.parse(
    execFileSync(
      'cargo',
      [
        ...['metadata', '--format-version', '1', '--locked'],
        ...['--filter-platform', target]
      ],
      { cwd: ROOT, maxBuffer: MOST_METADATA, stdio: ['ignore', 'pipe', 2] }
    ).toString()
  );
  const crates = new Map(packages.map((crate) => [crate.id, crate]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const linked = new Set([resolve.root]);

  // A set is walked to its end, with what is added on the way.
  for (const id of linked) {
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
      const isRun = crates
        .get(pkg)
        .targets.some(({ kind }) => kind.includes('proc-macro'));

      if (!isRun && kinds.some(({ kind }) => kind === null)) linked.add(pkg);
    }
  }

  linked.delete(resolve.root);

  return [...linked]
    .map((id) => crates.get(id))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The text under which a crate is used. */
function licenceOf({ authors, license, manifest_path: manifest, name }) {
  const folder = path.dirname(manifest);
  const alternatives = (license ?? '').split(/\s+OR\s+|\//);
  const files = fs
    .readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .sort();
  const isMit = alternatives.includes('MIT');
  const ofMit = files.filter((file) => /mit/i.test(file));
  const chosen = isMit && ofMit.length !== 0 ? ofMit : files;

  if (chosen.length !== 0) {
    return chosen
      .map((file) => fs.readFileSync(path.join(folder, file), 'utf8'))
      .map((text) => text.replaceAll('\r\n', '\n').trim())
      .join('\n\n');
  }

  if (!isMit) throw new Error(`The crate ${name} has no licence file.`);
  return mit(holdersOf(authors, name));
}

/** Who holds the rights in a crate, as far as it says so. */
function holdersOf(authors, name) {
  const names = authors.map((author) => author.replace(/\s*<.*>/, ''));
  return names.length === 0 ? `the authors of ${name}` : names.join(', ');
}

module.exports = notices;
