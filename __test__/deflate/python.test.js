'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { runPython } = require('../clients/python');
const { libraries } = require('../support/contract');
const { serve } = require('../support/serve');

for (const transport of ['auto', 'stream']) {
  test(`compresses for Python's websockets under every agreement, transport: ${transport}`, async (t) => {
    const { port, wss } = await serve(t, libraries.ferrows, {
      perMessageDeflate: { threshold: 0 },
      transport
    });
    wss.on('connection', (ws) => {
      ws.on('error', () => {});
      ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    });

    const url = `ws://127.0.0.1:${port}/`;
    const report = await runPython(t, 'python-deflate.py', [url]);
    if (report === null) return;

    const { agreements, ...others } = report;
    // Windows of six kinds and four, and what is forgotten.
    assert.strictEqual(Object.keys(agreements).length, 6 * 4 * 4);
    for (const [agreement, isRight] of Object.entries(agreements)) {
      assert.ok(isRight, agreement);
    }
    assert.deepStrictEqual(others, {
      default: ['permessage-deflate', true],
      'invalid UTF-8': 1007
    });
  });
}
