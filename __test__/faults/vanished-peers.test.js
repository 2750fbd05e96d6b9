'use strict';

// Peers whose host has vanished: nothing comes back from it, not even that there is nobody. That takes namespaces of the
// network; where the system grants none, the tests are skipped and say why.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { suite, test } = require('node:test');

const { LIBRARIES, run } = require('../runtime/support');

const PROGRAM = path.join(__dirname, 'programs/vanishing.js');
const NAMESPACE = ['unshare', '--map-root-user', '--net'];

/** Why there are no such hosts here; false if there are. */
function whyNot(what) {
  const steps = [
    'ip link add ours type veth peer name theirs',
    'unshare -n true',
    'nsenter --version > /dev/null'
  ];
  if (what === 'gives up') {
    steps.push('echo 1 > /proc/sys/net/ipv4/tcp_retries2');
  }
  const [command, ...args] = [...NAMESPACE, 'sh', '-ec', steps.join('\n')];
  const { error, status, stderr } = spawnSync(command, args);

  if (status === 0) return false;
  const said = error?.message ?? String(stderr).trim();
  return `no namespaces of the network: ${said || `status ${status}`}`;
}

const SAID = {
  // It knows nothing until it terminates.
  heartbeat: [['hello', [], false]],
  'gives up': []
};

for (const [what, title] of [
  ['heartbeat', 'the heartbeat terminates it'],
  ['gives up', 'the kernel gives up']
]) {
  const skip = whyNot(what);

  suite(`A peer that has vanished, until ${title}`, { skip }, () => {
    for (const role of ['server', 'client']) {
      for (const name of ['ws', 'ferrows', 'streams']) {
        test(`of a ${role}: 'close' 1006, no 'error', all callbacks are called and the last with an error, and others are served: ${name}`, async (t) => {
          const runtime = [...NAMESPACE, process.execPath];
          const args = [LIBRARIES[name], role, what];
          const program = run(t, PROGRAM, args, { runtime });

          assert.deepStrictEqual(await program.read(), ['hello', 'hello']);
          for (const said of SAID[what]) {
            assert.deepStrictEqual(await program.read(), said);
          }
          assert.deepStrictEqual(await program.read(), {
            all: true,
            buffered: 0,
            events: ['close 1006'],
            last: true
          });
          assert.strictEqual(await program.read(), 'hello');
          await program.success();
        });
      }
    }
  });
}
