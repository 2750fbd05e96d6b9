'use strict';

// A server under test on the package websocket:
//
//   node --expose-gc websocket.js --lib <path> --scenario
//     <echo|listener|broadcast|announce|idle>
//
// See node.js for what it does, and control.js for what it is asked.

const http = require('node:http');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { control } = require('./control');
const meter = require('./meter');

const { values } = parseArgs({
  options: { lib: { type: 'string' }, scenario: { type: 'string' } }
});

const websocket = require(values.lib);
const { version } = require(path.join(values.lib, 'package.json'));

const MAX_LENGTH = 100 * 1024 * 1024;

const send = (connection, message) =>
  message.type === 'utf8'
    ? connection.sendUTF(message.utf8Data)
    : connection.sendBytes(message.binaryData);

const echo = (connection) =>
  connection.on('message', (message) => send(connection, message));

const broadcast = (begin) => (connection) =>
  connection.on('message', (message) => {
    begin();
    for (const client of wss.connections) send(client, message);
  });

const scenarios = {
  echo,
  listener: echo,

  broadcast: broadcast(() => {}),
  announce: broadcast(meter.begin),

  idle() {}
};

const server = http.createServer();

const wss = new websocket.server({
  httpServer: server,
  autoAcceptConnections: true,
  maxReceivedFrameSize: MAX_LENGTH,
  maxReceivedMessageSize: MAX_LENGTH,
  // As the others do: no pings, and a message is one frame.
  keepalive: false,
  fragmentOutgoingMessages: false
});

wss.on('connect', scenarios[values.scenario]);

server.listen(0, '127.0.0.1', () => {
  control({ port: server.address().port, version });
});
