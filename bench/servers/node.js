'use strict';

// A server under test, on any library with the interface of ws:
//
//   node --expose-gc node.js --lib <ws|ferrows|path> --scenario <echo|listener|broadcast|announce|idle>
//     [--tls] [--transport <auto|stream>] [--deflate <fresh|takeover>] [--delay]
//
// It listens on 127.0.0.1, on a port of its own, which the first line on stdout
// names; see control.js for what follows. The scenarios contain exactly what a
// user of ws would write.

const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { control } = require('./control');
const { load } = require('./library');
const meter = require('./meter');

const HOST = '127.0.0.1';

const scenarios = {
  echo(wss) {
    wss.on('connection', (ws) => {
      ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    });
  },

  /** As in a browser, and with strings. */
  listener(wss) {
    wss.on('connection', (ws) => {
      ws.addEventListener('message', ({ data }) => ws.send(data));
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

  /** As broadcast, with an eye on the event loop. */
  announce(wss) {
    wss.on('connection', (ws) => {
      ws.on('message', (data, isBinary) => {
        meter.begin();
        for (const client of wss.clients) {
          client.send(data, { binary: isBinary });
        }
      });
    });
  },

  idle() {}
};

/** Every message is compressed, however short, at the default level. */
const deflate = {
  fresh: {
    threshold: 0,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true
  },
  takeover: { threshold: 0 }
};

/** A server of Node.js that serves TLS 1.3 and nothing older. */
function createTlsServer() {
  const read = (name) => fs.readFileSync(path.join(__dirname, name));
  return https.createServer({
    key: read('test-key.pem'),
    cert: read('test-cert.pem'),
    minVersion: 'TLSv1.3'
  });
}

function main() {
  const { values } = parseArgs({
    options: {
      lib: { type: 'string' },
      scenario: { type: 'string' },
      tls: { type: 'boolean', default: false },
      transport: { type: 'string', default: 'auto' },
      deflate: { type: 'string' },
      delay: { type: 'boolean', default: false }
    }
  });
  const { library, version } = load(values.lib);
  const scenario = scenarios[values.scenario];
  const place = values.tls
    ? { server: createTlsServer().listen(0, HOST) }
    : { host: HOST, port: 0 };
  // ws does not know the option `transport`, and ignores it.
  const { transport, delay } = values;
  const perMessageDeflate = deflate[values.deflate] ?? false;
  const options = { ...place, transport, perMessageDeflate };
  const wss = new library.WebSocketServer(options);
  scenario(wss);
  wss.on('listening', () => {
    const { port } = wss.address();
    const hello = { port, version, deflate: 'PerMessageDeflate' in library };
    control(hello, { delay });
  });
}

main();
