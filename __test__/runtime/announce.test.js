'use strict';

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { frame, RawClient } = require('../support/raw-client');
const { LIBRARIES, run } = require('./support');

/** More than are written to before others have their turn. */
const CLIENTS = 1300;

/** Logs what the clients of `programs/announce.js` receive, and how many of them. */
async function announce({ log, name, t }, how) {
  const program = run(t, 'announce.js', [LIBRARIES[name], how]);
  const port = await program.read();
  const clients = [];

  for (let i = 0; i < CLIENTS; i++) clients.push(await RawClient.open(port));
  clients[0].send(frame(0x81, 'go'));

  const counts = {};
  for (const client of clients) {
    const received = (await client.readToEnd()).toString('hex');
    counts[received] = (counts[received] ?? 0) + 1;
    client.socket.destroy();
  }

  log(counts);
  await program.success();
}

contract(
  'sends to thousands in order, also what follows in the next iteration of the loop',
  (scenario) => announce(scenario, 'send'),
  (log) => assert.deepStrictEqual(log, [[{ 810161810162: CLIENTS }]])
);

contract(
  'sends to thousands what was sent before process.exit()',
  (scenario) => announce(scenario, 'exit'),
  (log) => assert.deepStrictEqual(log, [[{ 810161: CLIENTS }]])
);
