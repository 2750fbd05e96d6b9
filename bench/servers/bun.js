'use strict';

// A server under test on Bun's own WebSocket server, run by Bun:
//
//   bun bun.js --scenario <echo|listener|broadcast|announce|idle>
//     [--deflate <fresh|takeover>] [--delay]
//
// See node.js for what it does, and control.js for what it is asked.

const { parseArgs } = require('node:util');
const { control } = require('./control');
const meter = require('./meter');

const { Bun } = globalThis;

/** Texts come as strings in any case. */
const echo = (isCompressed) => ({
  message: (ws, message) => ws.send(message, isCompressed)
});

const scenarios = {
  echo,
  listener: echo,

  // Bun's way to send to many.
  broadcast: () => ({
    open: (ws) => ws.subscribe('everybody'),
    message: (ws, message) => server.publish('everybody', message)
  }),

  announce: () => ({
    open: (ws) => ws.subscribe('everybody'),
    message(ws, message) {
      meter.begin();
      server.publish('everybody', message);
    }
  }),

  idle: () => ({ message() {} })
};

/** The windows and the memory are zlib's defaults where contexts are kept, as in ws. */
const deflate = {
  fresh: { compress: 'shared', decompress: 'shared' },
  takeover: { compress: 'dedicated', decompress: 'dedicated' }
};

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    deflate: { type: 'string' },
    delay: { type: 'boolean', default: false }
  }
});

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, server) {
    if (server.upgrade(request)) return undefined;
    return new Response(null, { status: 426 });
  },
  websocket: {
    ...scenarios[values.scenario](values.deflate !== undefined),
    maxPayloadLength: 100 * 1024 * 1024,
    perMessageDeflate: deflate[values.deflate] ?? false
  }
});

const hello = { port: server.port, version: Bun.version, deflate: true };
control(hello, { delay: values.delay });
