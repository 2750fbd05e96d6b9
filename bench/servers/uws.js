'use strict';

// A server under test on uWebSockets.js, run by Node.js:
//
//   node --expose-gc uws.js --lib <path> --scenario <echo|listener|broadcast|announce|idle>
//     [--deflate <fresh|takeover>] [--delay]
//
// See node.js for what it does, and control.js for what it is asked.

const path = require('node:path');
const { parseArgs } = require('node:util');
const { control } = require('./control');
const meter = require('./meter');

const { values } = parseArgs({
  options: {
    lib: { type: 'string' },
    scenario: { type: 'string' },
    deflate: { type: 'string' },
    delay: { type: 'boolean', default: false }
  }
});

const uws = require(binary(values.lib));
const { version } = require(path.join(values.lib, 'package.json'));

const decoder = new TextDecoder();

const scenarios = {
  echo: {
    message: (ws, message, isBinary) =>
      ws.send(message, isBinary, values.deflate !== undefined)
  },

  // Its way to send to many.
  broadcast: {
    open: (ws) => ws.subscribe('everybody'),
    message: (ws, message, isBinary) =>
      app.publish('everybody', message, isBinary)
  },

  announce: {
    open: (ws) => ws.subscribe('everybody'),
    message(ws, message, isBinary) {
      meter.begin();
      app.publish('everybody', message, isBinary);
    }
  },

  listener: {
    message: (ws, message) => ws.send(decoder.decode(message))
  },

  idle: {}
};

/** The windows and the memory are zlib's defaults where contexts are kept, as in ws. */
const deflate = {
  fresh: uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR,
  takeover: uws.DEDICATED_COMPRESSOR | uws.DEDICATED_DECOMPRESSOR
};

const app = uws.App();

/** The package itself would fall back to ws if its binary does not run. */
function binary(lib) {
  const { arch, platform, versions } = process;
  const name = `uws_${platform}_${arch}_${versions.modules}.node`;
  return path.join(lib, 'binaries', name);
}

app.ws('/*', {
  ...scenarios[values.scenario],
  compression: deflate[values.deflate] ?? uws.DISABLED,
  maxPayloadLength: 100 * 1024 * 1024,
  maxBackpressure: 0,
  idleTimeout: 0
});

app.listen('127.0.0.1', 0, (socket) => {
  if (!socket) throw new Error('it cannot listen');
  const port = uws.us_socket_local_port(socket);
  control({ port, version, deflate: true }, { delay: values.delay });
});
