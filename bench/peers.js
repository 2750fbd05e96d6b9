'use strict';

// The peers that do not have the interface of ws: what they are made of, how their
// servers are started, and what those can do.

const path = require('node:path');
const cargo = require('./cargo');
const packages = require('./packages');

const UWS = '@trufflesuite/uws-js-unofficial';

/** What every server in JavaScript does. */
const roles = ['echo', 'listener', 'broadcast', 'announce', 'idle'];

const script = (name) => path.join(__dirname, 'servers', name);

/** The program of a package that is one. */
const program = (name) => path.join(packages.location(name, '.bin'), name);

const peers = {
  bun: {
    packages: { bun: '1.4.4' },
    command: () => [program('bun'), script('bun.js')],
    roles,
    features: ['deflate']
  },

  deno: {
    packages: { deno: '2.9.6' },
    command: () => [
      program('deno'),
      'run',
      '--allow-all',
      '--no-config',
      '--v8-flags=--expose-gc',
      script('deno.mjs')
    ],
    roles,
    features: []
  },

  uws: {
    packages: { [UWS]: '20.30.0-unofficial.0' },
    requires: UWS,
    command: (node) => [
      ...[node, '--expose-gc', script('uws.js')],
      ...['--lib', packages.location('uws', UWS)]
    ],
    roles,
    features: ['deflate']
  },

  websocket: {
    packages: { websocket: '1.0.35' },
    requires: 'websocket',
    command: (node) => [
      ...[node, '--expose-gc', script('websocket.js')],
      ...['--lib', packages.location('websocket', 'websocket')]
    ],
    roles,
    features: []
  },

  'tokio-tungstenite': rust('tokio-tungstenite'),

  fastwebsockets: rust('fastwebsockets'),

  /** What a message costs the operating system. It echoes, and nothing else. */
  floor: {
    crate: 'floor',
    command: () => [cargo.binary('floor')],
    roles: ['echo'],
    features: ['stream'],
    refuses({ load: { scenario, size } }) {
      if (scenario === 'storm') return 'no closing handshake';
      return size > 16_384 && 'no messages over 16 KiB';
    }
  }
};

/** Servers in Rust. */
function rust(name) {
  return {
    crate: 'rust-servers',
    version: () => cargo.versionOf('rust-servers', name),
    command: () => [cargo.binary('rust-servers', name)],
    roles: ['echo', 'idle'],
    features: []
  };
}

/** Peers that would race if they could, and why they cannot. */
const absent = {
  eiows:
    'its native part is compiled against the whole source of Node.js, ' +
    'which it wants to download while it is installed'
};

module.exports = { absent, peers };
