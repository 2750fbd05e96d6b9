'use strict';

// A server under test, on any library with the interface of ws:
//
//   node --expose-gc node.js --lib <ws|ferrows|path> --scenario <echo|broadcast|idle>
//
// It listens on 127.0.0.1, on a port of its own, which the first line on stdout
// names; see control.js for what follows. The scenarios contain exactly what a
// user of ws would write.

const path = require('node:path');
const { parseArgs } = require('node:util');
const { control } = require('./control');

const root = path.join(__dirname, '..', '..');

const scenarios = {
  echo(wss) {
    wss.on('connection', (ws) => {
      ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    });
  },

  broadcast(wss) {
    wss.on('connection', (ws) => {
      ws.on('message', (data, isBinary) => {
        for (const client of wss.clients) {
          client.send(data, { binary: isBinary });
        }
      });
    });
  },

  idle() {}
};

/** The library, and what is known of its version. */
function load(lib) {
  if (lib === 'ws') {
    return { ...require('ws/package.json'), library: require('ws') };
  }
  const location = lib === 'ferrows' ? root : path.resolve(lib);
  const library = require(location);
  let version = null;
  try {
    version = require(path.join(location, 'package.json')).version;
  } catch {
    // A single file has no version.
  }
  return { library, version };
}

function main() {
  const { values } = parseArgs({
    options: { lib: { type: 'string' }, scenario: { type: 'string' } }
  });
  const { library, version } = load(values.lib);
  const scenario = scenarios[values.scenario];
  const wss = new library.WebSocketServer({ host: '127.0.0.1', port: 0 });
  scenario(wss);
  wss.on('listening', () => {
    control({ port: wss.address().port, version, pid: process.pid });
  });
}

main();
