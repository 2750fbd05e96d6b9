'use strict';

// What the operating system may say to reads and writes, said by a library that is preloaded
// (programs/faulty-io.c): interrupted calls, writes of few bytes, no memory, and ends.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, suite } = require('node:test');

const { LIBRARIES, run } = require('../runtime/support');
const { contract } = require('../support/contract');
const { frame, RawClient } = require('../support/raw-client');
const { RawServer, readMasked } = require('../support/raw-server');
const { unmasked } = require('./support');

const PROGRAM = path.join(__dirname, 'programs/echo.js');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-faulty-'));
const shim = path.join(folder, 'faulty-io.so');

after(() => fs.rmSync(folder, { recursive: true }));
execFileSync('cc', [
  '-shared',
  '-fPIC',
  '-o',
  shim,
  path.join(__dirname, 'programs/faulty-io.c'),
  '-ldl'
]);

/** A sanitizer that is preloaded already has to stay the first. */
const preloaded = [process.env.LD_PRELOAD, shim].filter(Boolean).join(':');

/** Starts the program in a system that is not well, in a role; resolves with the raw end. */
async function start({ name, t }, role, faults) {
  const env = Object.entries({ LD_PRELOAD: preloaded, ...faults });
  const runtime = [
    'env',
    ...env.map((pair) => pair.join('=')),
    process.execPath
  ];
  const args = [LIBRARIES[name], role];

  if (role === 'server') {
    const program = run(t, PROGRAM, args, { runtime });
    const port = await program.read();
    return { connect: () => RawClient.open(port), make: frame, program };
  }

  const raw = await RawServer.start(t);
  const program = run(t, PROGRAM, [...args, raw.port], { runtime });
  return { connect: () => raw.upgrade(), make: unmasked, program };
}

const SIZES = [0, 10, 125, 126, 5000, 16_384, 70_000, 300_000];

/** Has messages of all sizes echoed, all at once. */
async function echoAll(peer, make) {
  const payloads = SIZES.map((size) => Buffer.alloc(size, `${size} `));
  peer.send(Buffer.concat(payloads.map((payload) => make(0x82, payload))));
  for (const expected of payloads) {
    const { first, payload } = await readMasked(peer);
    assert.strictEqual(first, 0x82);
    assert.ok(payload.equals(expected), `${expected.length} bytes`);
  }
}

/** Has one message after the other echoed until the connection has ended. */
async function echoToEnd(peer, make) {
  for (;;) {
    peer.send(make(0x81, 'again'));
    try {
      await readMasked(peer);
    } catch {
      return;
    }
  }
}

const HARMLESS = {
  'interrupted reads': { FAULTY_READS: 'EINTR,-' },
  'interrupted writes': { FAULTY_WRITES: 'EINTR,-' },
  'writes that take few bytes': { FAULTY_WRITES: '1,-,3,1000,-,16384' },
  'no memory for writes': { FAULTY_WRITES: 'ENOBUFS,-' },
  'no memory for most writes': { FAULTY_WRITES: 'ENOBUFS,ENOBUFS,7000,-' },
  'all of it': {
    FAULTY_READS: '-,EINTR',
    FAULTY_WRITES: '-,EINTR,1,ENOBUFS,2000'
  }
};

for (const role of ['server', 'client']) {
  suite(`A ${role} survives`, () => {
    for (const [what, faults] of Object.entries(HARMLESS)) {
      contract(`${what}: every byte arrives, once`, async (scenario) => {
        const { connect, make, program } = await start(scenario, role, faults);
        const peer = await connect();

        for (let round = 0; round < 3; round++) await echoAll(peer, make);
        peer.send(make(0x88, Buffer.from('03e8', 'hex')));
        const { payload } = await readMasked(peer);
        scenario.log(payload);
        peer.socket.end();
        scenario.log(await program.read());
      });
    }
  });

  contract(
    `A ${role} for which there is never memory again keeps nothing else waiting`,
    async (scenario) => {
      const faults = { FAULTY_AFTER: 6, FAULTY_WRITES: 'ENOBUFS' };
      const { connect, make, program } = await start(scenario, role, faults);
      const peer = await connect();

      // One call for the handshake, one for each echo.
      for (let i = 0; i < 5; i++) {
        peer.send(make(0x81, 'again'));
        await readMasked(peer);
      }
      peer.send(make(0x81, 'never'));
      do program.write('received');
      while ((await program.read()) < 6);
      // It goes on to listen to others.
      for (let i = 0; i < 100; i++) {
        program.write('received');
        await program.read();
      }
      scenario.log(peer.received);
      program.child.stdin.end();
      await program.success();
      scenario.log('ended');
    }
  );

  suite(`A ${role} whose connection`, () => {
    for (const [what, code] of [
      ['READS', 'ETIMEDOUT'],
      ['WRITES', 'ECONNRESET'],
      ['WRITES', 'EPIPE']
    ]) {
      contract(
        `ends in ${code} at ${what.toLowerCase()}: 'close' 1006, no 'error'`,
        async (scenario) => {
          const { log } = scenario;
          const faults = {
            FAULTY_AFTER: 6,
            [`FAULTY_${what}`]: `${code}${',-'.repeat(500)}`
          };
          const { connect, make, program } = await start(
            scenario,
            role,
            faults
          );
          const peer = await connect();

          await echoToEnd(peer, make);
          log(await program.read());
          if (role === 'client') return;

          const another = await connect();
          await echoAll(another, make);
          another.socket.destroy();
          log(await program.read());
        },
        (log) => assert.deepStrictEqual(log[0][0].at(-1), ['close', 1006])
      );
    }
  });
}
