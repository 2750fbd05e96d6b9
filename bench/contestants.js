'use strict';

// Who races. A contestant is a name, and the command lines that start its
// process for a scenario: its server, or its client. What the process says and
// is asked is in servers/control.js.

const path = require('node:path');
const cargo = require('./cargo');
const { Child } = require('./child');

const START = 15_000; // milliseconds

const nodeServer = path.join(__dirname, 'servers', 'node.js');
const nodeClient = path.join(__dirname, 'clients', 'node.js');

/** A library for Node.js, with the interface of ws. */
function library(name, lib, node) {
  const command = (script, scenario, flags) => [
    node,
    '--expose-gc',
    script,
    '--lib',
    lib,
    '--scenario',
    scenario,
    ...flags
  ];
  return {
    name,
    prepare() {},
    races: () => true,
    server: ({ server, flags = [] }) => command(nodeServer, server, flags),
    client: ({ client }, port) =>
      command(nodeClient, client, ['--port', String(port)])
  };
}

/** What a message costs the operating system. It echoes, and nothing else. */
function floor(name) {
  const greatest = 16 * 1024;
  return {
    name,
    prepare: () => cargo.build('floor'),
    races: ({ load: { scenario, size, tls = false } }) =>
      ['echo', 'lone'].includes(scenario) && size <= greatest && !tls,
    server: () => [cargo.binary('floor')]
  };
}

/**
 * One contestant per library; equal ones get a number each.
 *
 * @param {Array<String>} libs Names and paths
 * @param {String} node The binary of Node.js that the libraries run on
 * @return {Array<Object>} The contestants
 */
function contestants(libs, node) {
  return libs.map((lib, index) => {
    const twins = libs.filter((other) => other === lib).length;
    const nth = libs
      .slice(0, index + 1)
      .filter((other) => other === lib).length;
    const name = twins > 1 ? `${lib} #${nth}` : lib;
    return lib === 'floor' ? floor(name) : library(name, lib, node);
  });
}

/** Starts a server and waits until it listens. */
function startServer(contestant, scenario) {
  return start(`${contestant.name} server`, contestant.server(scenario));
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
  return hello;
}

module.exports = { contestants, probe, startClient, startServer };
