// A server under test on Deno's own WebSocket server, run by Deno:
//
//   deno run -A --v8-flags=--expose-gc deno.mjs --scenario
//     <echo|listener|broadcast|announce|idle>
//
// See node.js for what it does, and control.js for what it is asked.

import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const { control } = require('./control.js');
const meter = require('./meter.js');
const { Deno } = globalThis;

const clients = new Set();

const echo = (socket) => {
  socket.onmessage = ({ data }) => socket.send(data);
};

const broadcast = (begin) => (socket) => {
  socket.onopen = () => clients.add(socket);
  socket.onclose = () => clients.delete(socket);
  socket.onmessage = ({ data }) => {
    begin();
    for (const client of clients) client.send(data);
  };
};

const scenarios = {
  echo,
  listener: echo,
  broadcast: broadcast(() => {}),
  announce: broadcast(meter.begin),

  idle() {}
};

const { values } = parseArgs({ options: { scenario: { type: 'string' } } });

Deno.serve(
  {
    hostname: '127.0.0.1',
    port: 0,
    onListen: ({ port }) => control({ port, version: Deno.version.deno })
  },
  (request) => {
    if (request.headers.get('upgrade') !== 'websocket') {
      return new Response(null, { status: 426 });
    }
    const { socket, response } = Deno.upgradeWebSocket(request, {
      idleTimeout: 0
    });
    socket.binaryType = 'arraybuffer';
    scenarios[values.scenario](socket);
    return response;
  }
);
