'use strict';

const assert = require('node:assert');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { serve } = require('../support/serve');
const { record } = require('../support/session');

const CLIENT = path.join(__dirname, 'programs/urgent-client.py');
const hasPython = spawnSync('python3', ['--version']).status === 0;

const HELLO = frame(0x81, 'hello').toString('hex');
const LONG = frame(0x81, 'x'.repeat(40_000)).toString('hex');

/** Does nothing until the file exists: what was sent meanwhile lies in the socket's buffer. */
function block(file) {
  const lock = new Int32Array(new SharedArrayBuffer(4));
  while (!fs.existsSync(file)) Atomics.wait(lock, 0, 0, 5);
}

/**
 * @param {Array[]} rounds What the client sends, `[hex, urgent]`. All of one round has arrived when
 *     the server reads, and is to give one message more than there were
 */
function scenario(...rounds) {
  return async ({ lib, log, t }) => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-'));
    t.after(() => fs.rmSync(directory, { recursive: true }));

    const { port, wss } = await serve(t, lib);
    const connected = once(wss, 'connection');
    const child = spawn(
      'python3',
      [CLIENT, port, directory, JSON.stringify(rounds)],
      { stdio: ['pipe', 'pipe', 'inherit'] }
    );
    t.after(() => child.kill());
    await once(child.stdout, 'data');
    const [ws] = await connected;
    record(ws, log);

    for (let i = 0; i < rounds.length; i++) {
      const received = once(ws, 'message');
      child.stdin.write('\n');
      block(path.join(directory, String(i)));
      await received;
    }

    child.stdin.end('\n');
    await once(ws, 'close');
  };
}

if (hasPython) {
  contract(
    'reads on after an urgent mark, where a read ends early (edge-triggered reads)',
    scenario([
      [HELLO.slice(0, 10), false],
      ['21', true],
      [HELLO.slice(10), false]
    ]),
    (log) =>
      assert.deepStrictEqual(log[0], ['message', 'Buffer 68656c6c6f', false])
  );

  contract(
    'reads on after an urgent mark that comes first',
    scenario([
      ['21', true],
      [HELLO, false]
    ])
  );

  contract(
    'reads on after an urgent mark in the middle of a long message',
    scenario([
      [LONG.slice(0, 30_000), false],
      ['21', true],
      [LONG.slice(30_000), false]
    ])
  );

  contract(
    'reads on after one urgent mark and another',
    scenario(
      [
        ['21', true],
        [HELLO, false]
      ],
      [
        [HELLO.slice(0, 8), false],
        ['22', true],
        [HELLO.slice(8), false]
      ],
      [[HELLO, false]]
    )
  );
} else {
  test('reads on after an urgent mark', (t) => {
    assert.ok(!process.env.CI, 'python3 is needed');
    t.skip('python3 is not available');
  });
}
