'use strict';

// A server that has no descriptors left (EMFILE). What else happens then is in runtime/descriptors.

const assert = require('node:assert');
const path = require('node:path');
const { performance } = require('node:perf_hooks');

const { LIBRARIES, run } = require('../runtime/support');
const { contract } = require('../support/contract');
const { frame, RawClient } = require('../support/raw-client');
const { connect, open } = require('../support/serve');

const PROGRAM = path.join(__dirname, 'programs/few-descriptors.js');

/** Whether Node.js tells how often a loop has turned: from 20.18 and 22.8 on. */
const counts = performance.nodeTiming.uvMetricsInfo !== undefined;

async function echo(client, text) {
  client.send(frame(0x81, text));
  return (await client.readFrame()).payload.toString();
}

contract(
  'EMFILE in accept(): those who come are turned away without a loop that spins, those who are there are served, and others later',
  async ({ log, name, t }) => {
    const program = run(t, PROGRAM, [LIBRARIES[name]], { descriptors: 60 });
    const port = await program.read();
    const early = await open(t, port);

    log(await echo(early, 'before'));
    program.write('fill');
    log(await program.read());

    for (let i = 0; i < 20; i++) {
      const client = await connect(t, port);
      log(await client.readHead().catch(() => 'turned away'));
    }
    log(await echo(early, 'meanwhile'));
    if (counts) {
      program.write('count');
      const turns = await program.read();
      assert.ok(turns < 100, `${turns} turns in which nothing happened`);
    }

    program.write('empty');
    log(await program.read());
    const late = await RawClient.open(port);
    log(await echo(late, 'after'));
    log(await echo(early, 'still'));
    late.socket.destroy();
  },
  (log) => {
    assert.deepStrictEqual(log.slice(1, 3), [['EMFILE'], ['turned away']]);
    assert.strictEqual(log.length, 26);
  }
);
