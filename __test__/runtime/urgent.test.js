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
const AGAIN = frame(0x82, 'again').toString('hex');
const PAYLOAD = frame(0x81, 'x'.repeat(40_000)).toString('hex');

/** Does nothing until the file exists: what was sent meanwhile lies in the socket's buffer. */
function block(file) {
  const lock = new Int32Array(new SharedArrayBuffer(4));
  while (!fs.existsSync(file)) Atomics.wait(lock, 0, 0, 5);
}

/**
 * @param {Array} plan What the client sends: `[hex, urgent]`
 * @param {Number} count How many messages it is
 */
function scenario(plan, count) {
  return async ({ lib, log, t }) => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-'));
    t.after(() => fs.rmSync(directory, { recursive: true }));
    const marker = path.join(directory, 'sent');

    const { port, wss } = await serve(t, lib);
    const connected = once(wss, 'connection');
    const child = spawn(
      'python3',
      [CLIENT, port, JSON.stringify(plan), marker],
      {
        stdio: ['pipe', 'pipe', 'inherit']
      }
    );
    t.after(() => child.kill());
    await once(child.stdout, 'data');
    const [ws] = await connected;

    record(ws, log);
    let missing = count;
    const received = new Promise((resolve) => {
      ws.on('message', () => {
        if (--missing === 0) resolve();
      });
    });
    child.stdin.write('\n');
    block(marker);
    await received;

    child.stdin.end('\n');
    await once(ws, 'close');
  };
}

if (hasPython) {
  contract(
    'reads on after an urgent mark, where a read ends early (edge-triggered reads)',
    scenario(
      [
        [HELLO, false],
        ['21', true],
        [AGAIN, false]
      ],
      2
    ),
    (log) =>
      assert.deepStrictEqual(log.slice(0, 2), [
        ['message', 'Buffer 68656c6c6f', false],
        ['message', 'Buffer 616761696e', true]
      ])
  );

  contract(
    'reads on after several urgent marks',
    scenario(
      [
        ['21', true],
        [HELLO, false],
        ['22', true],
        [AGAIN, false],
        ['23', true],
        [HELLO, false]
      ],
      3
    )
  );

  contract(
    'reads on after an urgent mark within a frame',
    scenario(
      [
        [PAYLOAD.slice(0, 30_000), false],
        ['21', true],
        [PAYLOAD.slice(30_000), false]
      ],
      1
    )
  );
} else {
  test('reads on after an urgent mark', (t) => {
    assert.ok(!process.env.CI, 'python3 is needed');
    t.skip('python3 is not available');
  });
}
