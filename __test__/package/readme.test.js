'use strict';

// The README's compatibility table names all that ws has.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const ws = require('ws');

const { ROOT } = require('./support');

const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');

/** What begins with a heading, up to the next of its level. */
function section(heading) {
  const start = readme.indexOf(`\n${heading}\n`);
  assert.notEqual(start, -1, heading);

  const [level] = /^#+/.exec(heading);
  const end = readme.indexOf(`\n${level} `, start + heading.length);
  return readme.slice(start, end);
}

/** Names in the table of a section: of `name`, of `name()`, of `ws.name`. */
const NAME = /`(?:\w+\.)?(\w+)(?:\(\))?`/g;

/** Events in it: of `'name'`. */
const EVENT = /`'([\w-]+)'`/g;

function assertNamed(wanted, heading, pattern = NAME) {
  const found = [...section(heading).matchAll(pattern)].map(([, name]) => name);

  assert.notEqual(wanted.length, 0);
  assert.deepEqual(
    wanted.filter((name) => !found.includes(name)),
    []
  );
}

/** The options that ws documents in front of a function. */
function documentedOptions(file, before) {
  const source = fs.readFileSync(
    path.join(ROOT, 'node_modules', 'ws', 'lib', file),
    'utf8'
  );
  const end = source.indexOf(before);
  const comment = source.slice(source.lastIndexOf('/**', end), end);

  return [...comment.matchAll(/\[options\.(\w+)/g)].map(([, name]) => name);
}

/** The events that ws emits by name. */
function emitted(file) {
  const source = fs.readFileSync(
    path.join(ROOT, 'node_modules', 'ws', 'lib', file),
    'utf8'
  );

  const calls = source.matchAll(/\.emit\(\s*'([\w-]+)'/g);
  return [...new Set([...calls].map(([, name]) => name))];
}

/** The public members of a class. */
function members(Class) {
  return Object.getOwnPropertyNames(Class.prototype).filter(
    (name) =>
      name !== 'constructor' &&
      !name.startsWith('_') &&
      // For the library itself.
      !['completeUpgrade', 'emitClose', 'setSocket'].includes(name)
  );
}

test('the README names each export of ws', () => {
  const statics = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];
  const exported = Object.keys(ws).filter((name) => !statics.includes(name));

  assertNamed(exported, '### Exports');
});

test('the README names each option of a server', () => {
  assertNamed(
    documentedOptions(
      'websocket-server.js',
      '  constructor(options, callback)'
    ),
    '### `WebSocketServer`: options'
  );
});

test('the README names each option of a client', () => {
  assertNamed(
    documentedOptions('websocket.js', 'function initAsClient('),
    "### `WebSocket`: the client's options"
  );
});

test('the README names each method and property of ws', () => {
  assertNamed(
    members(ws.WebSocketServer),
    '### `WebSocketServer`: events, methods, properties'
  );
  assertNamed(members(ws), '### `WebSocket`: events, methods, properties');
});

test('the README names each event of ws', () => {
  assertNamed(
    emitted('websocket-server.js').concat('connection', 'error', 'listening'),
    '### `WebSocketServer`: events, methods, properties',
    EVENT
  );

  const events = emitted('websocket.js');
  assert.ok(events.includes('pong') && events.includes('upgrade'));
  assertNamed(events, '### `WebSocket`: events, methods, properties', EVENT);
});

test('links within the documents lead somewhere', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
    fs.readdirSync(path.join(ROOT, 'docs')).map((file) => `docs/${file}`)
  );

  for (const document of documents) {
    const text = fs.readFileSync(path.join(ROOT, document), 'utf8');

    for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;

      const [file, anchor] = link.split('#');
      const target = file
        ? path.join(ROOT, path.dirname(document), file)
        : path.join(ROOT, document);

      assert.ok(fs.existsSync(target), `${document}: ${link}`);
      if (anchor === undefined) continue;

      assert.ok(anchors(target).includes(anchor), `${document}: ${link}`);
    }
  }
});

/** What a document's headings can be linked by. */
function anchors(file) {
  const headings = fs.readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);

  return [...headings].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
  );
}
