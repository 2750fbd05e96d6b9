'use strict';

// A worker is terminated while its server writes; how else workers end is in runtime/worker.

const assert = require('node:assert');
const path = require('node:path');
const { test } = require('node:test');

const { LIBRARIES, run } = require('../runtime/support');

const PROGRAM = path.join(__dirname, 'programs/terminated-worker.js');
const ROUNDS = 5;

for (const name of ['ferrows', 'streams']) {
  for (const what of ['small', 'large', 'compressed']) {
    test(`a worker that is terminated while it writes ${what} messages: each peer has whole frames in order and the beginning of one, and the process goes on: ${name}`, async (t) => {
      const program = run(t, PROGRAM, [LIBRARIES[name], what, ROUNDS]);

      for (let round = 0; round < ROUNDS; round++) {
        const { frames, wrong } = await program.read();
        assert.deepStrictEqual(wrong, []);
        assert.ok(frames > 0);
      }
      const { after, before } = await program.read();
      assert.ok(after <= before + 5, `${before} descriptors, then ${after}`);
      await program.success();
    });
  }
}
