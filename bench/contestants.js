'use strict';

// Who races. A contestant is a name, and a command line that starts its server
// for a scenario; what the server says and is asked is in servers/control.js.

const path = require('node:path');
const cargo = require('./cargo');
const { Child } = require('./child');

const START = 15_000; // milliseconds

const nodeServer = path.join(__dirname, 'servers', 'node.js');

function nodeCommand(lib, scenario) {
  return [
    process.execPath,
    '--expose-gc',
    nodeServer,
    '--lib',
    lib,
    '--scenario',
    scenario
  ];
}

/** One contestant per library; equal ones get a number each. */
function contestants(libs) {
  return libs.map((lib, index) => {
    const twins = libs.filter((other) => other === lib).length;
    const nth = libs
      .slice(0, index + 1)
      .filter((other) => other === lib).length;
    return {
      name: twins > 1 ? `${lib} #${nth}` : lib,
      command: (scenario) =>
        lib === 'floor' ? [cargo.binary('floor')] : nodeCommand(lib, scenario)
    };
  });
}

/** Starts a server and waits until it listens. */
async function startServer(contestant, scenario) {
  const child = new Child(
    `${contestant.name} server`,
    contestant.command(scenario)
  );
  try {
    return { child, hello: await child.hear(START) };
  } catch (error) {
    child.kill();
    throw error;
  }
}

/** Whether it can race at all: resolves to its version, or fails with the reason. */
async function probe(contestant) {
  if (contestant.name === 'floor') cargo.build('floor');
  const { child, hello } = await startServer(contestant, 'idle');
  await child.end();
  return hello.version;
}

module.exports = { contestants, probe, startServer };
