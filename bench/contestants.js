'use strict';

// Who races. A contestant is a name, and the command lines that start its
// process for a scenario: its server, or its client. What the process says and
// is asked is in servers/control.js.

const path = require('node:path');
const cargo = require('./cargo');
const { Child } = require('./child');
const packages = require('./packages');
const { absent, peers } = require('./peers');
const { besideLoad } = require('./processors');

const START = 15_000; // milliseconds

const nodeServer = path.join(__dirname, 'servers', 'node.js');
const nodeClient = path.join(__dirname, 'clients', 'node.js');

/** Everybody; the others are compared with the last. */
const everybody = [
  'ferrows',
  ...Object.keys(peers),
  'ws+bufferutil',
  'ws@node26',
  'ws'
];

/** The libraries that npm has. */
const published = {
  ws: { ws: '8.23.0' },
  'ws+bufferutil': { ws: '8.23.0', bufferutil: '4.1.0' }
};

/** What a scenario may ask for, in the words for those who do not have it. */
const features = {
  tls: 'no TLS here',
  stream: "no option transport: 'stream'",
  deflate: 'no permessage-deflate',
  client: 'no client here',
  install: 'not a package of its own'
};

/**
 * One contestant per name; equal ones get a number each. A name is that of a peer,
 * `ws`, `ferrows` or a path to a module with the interface of ws, and may end in
 * `+bufferutil`, for ws with that package, and in `@node26` or another version, for
 * a library on that version of Node.js.
 *
 * @param {Array<String>} names Who races
 * @param {String} node The binary of Node.js for those who name none
 * @return {Array<Object>} The contestants
 */
function contestants(names, node) {
  return names.map((id, index) => {
    const isTwin = (other) => other === id;
    const nth = names.slice(0, index + 1).filter(isTwin).length;
    const name = names.filter(isTwin).length > 1 ? `${id} #${nth}` : id;
    return { id, name, ...contestant(id, node) };
  });
}

function contestant(id, node) {
  if (Object.hasOwn(absent, id)) return { prepare: () => refuse(absent[id]) };
  if (Object.hasOwn(peers, id)) return peer(id, peers[id], node);
  const [, lib, version] = /^(.+?)(?:@node(\d+))?$/.exec(id);
  return library(lib, version ? nodeOf(version) : { node });
}

function refuse(reason) {
  throw new Error(reason);
}

/** A library for Node.js, with the interface of ws. */
function library(lib, { node, set }) {
  const [, first, extra] = /^(.+?)(\+bufferutil)?$/.exec(lib);
  const sets = set ? [set] : [];
  // It looks for the package from where it is, so it is installed beside it.
  if (extra) sets.push(['ws-bufferutil', published[lib]]);
  const where = extra ? packages.location('ws-bufferutil', 'ws') : first;
  const command = (script, part, flags) => [
    ...[node, '--expose-gc', script, '--lib', where],
    ...['--scenario', part, ...flags]
  ];
  return {
    package: set ? null : packageOf(lib, node),
    prepare: () => sets.forEach((each) => packages.install(...each)),
    /** Why it cannot race in a scenario; `hello` is what its server says of itself. */
    lacks({ feature }, hello) {
      const isMissing =
        (feature === 'deflate' && !hello.deflate) ||
        (feature === 'install' && !this.package);
      return isMissing ? features[feature] : null;
    },
    server: ({ server, flags = [] }) => command(nodeServer, server, flags),
    client: ({ client }, port) =>
      command(nodeClient, client, ['--port', String(port)])
  };
}

/** What npm installs of a library, and what is required then; null if it is a path. */
function packageOf(lib, node) {
  // What Ferrows is made of is what the repository is packed into.
  if (lib === 'ferrows') return { requires: lib, node };
  const dependencies = published[lib];
  return dependencies ? { dependencies, requires: 'ws', node } : null;
}

/** A version of Node.js, from npm. */
function nodeOf(version) {
  const id = `node-${process.platform}-${process.arch}`;
  const name = `node-${version}`;
  return {
    node: path.join(packages.location(name, id), 'bin', 'node'),
    set: [name, { [id]: version }]
  };
}

function peer(id, description, node) {
  const { roles, refuses = () => null } = description;
  const { packages: dependencies, requires } = description;
  return {
    version: description.version,
    package: dependencies && { dependencies, requires, node },
    prepare() {
      if (description.crate) cargo.build(description.crate);
      else packages.install(id, dependencies);
    },
    lacks(scenario) {
      const { feature, server } = scenario;
      if (feature === 'install') {
        return dependencies ? null : features.install;
      }
      if (feature && !description.features.includes(feature)) {
        return features[feature];
      }
      return roles.includes(server) ? refuses(scenario) : `no ${server} here`;
    },
    server: ({ server, flags = [] }) => [
      ...description.command(node),
      ...['--scenario', server, ...flags]
    ]
  };
}

/** Starts a server and waits until it listens. */
function startServer(contestant, scenario) {
  const command = contestant.server(scenario);
  return start(
    `${contestant.name} server`,
    scenario.apart ? besideLoad(command) : command
  );
}

/** Starts a client and waits until it is connected. */
function startClient(contestant, scenario, port) {
  return start(`${contestant.name} client`, contestant.client(scenario, port));
}

async function start(name, command) {
  const child = new Child(name, command);
  try {
    return { child, hello: await child.hear(START) };
  } catch (error) {
    child.kill();
    throw error;
  }
}

/** Whether it can race at all: resolves to what it says of itself, or fails with the reason. */
async function probe(contestant) {
  contestant.prepare();
  const { child, hello } = await startServer(contestant, { server: 'idle' });
  await child.end();
  return { ...hello, version: hello.version ?? contestant.version?.() };
}

module.exports = {
  absent,
  contestants,
  everybody,
  probe,
  startClient,
  startServer
};
