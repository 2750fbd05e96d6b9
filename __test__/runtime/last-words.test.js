'use strict';

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open } = require('../support/serve');
const { LIBRARIES, run } = require('./support');

/** Each ending of `programs/last-words.js`, and with which code its process ends. */
const ENDINGS = {
  'process.exit()': 7,
  'process.exit() in a timer': 7,
  'process.exit() in a promise': 7,
  'process.exit() after many sends': 7,
  throw: 1,
  'throw in a timer': 1,
  'unhandled rejection': 1,
  "'exit' listener that sends": 7,
  "throw, and an 'exit' listener that sends": 1,
  'terminate()': 0,
  'terminate() in a timer': 0,
  '_socket.destroy()': 0,
  '_socket.destroy() in a timer': 0,
  '_socket.end()': 0,
  'execSync()': 0,
  'execSync() in a timer': 0
};

for (const [how, expected] of Object.entries(ENDINGS)) {
  contract(
    `sends what was sent before: ${how} (flushing rule)`,
    async ({ log, name, t }) => {
      const program = run(t, 'last-words.js', [LIBRARIES[name], how]);
      const client = await open(t, await program.read());
      client.send(frame(0x81, 'go'));

      if (how.startsWith('execSync')) {
        log(await client.readFrame());
        log(await client.readFrame());
        client.send(frame(0x88));
      }
      log(await client.readToEnd());

      const { code, signal } = await program.ended;
      log(code, signal);
      log(/^Error: thrown$/m.test(program.stderr));
    },
    (log) => {
      const thrown = expected === 1;

      assert.deepStrictEqual(log.slice(-2), [[expected, null], [thrown]]);
      assert.match(JSON.stringify(log), /6c617374|66726f6d20657869|"first"/);
    }
  );
}
