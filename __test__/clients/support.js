'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { createInterface } = require('node:readline');

const ROOT = path.resolve(__dirname, '../..');

/**
 * Starts `examples/echo.js` on a free port; it ends with the test.
 *
 * @param {TestContext} t The test
 * @return {Promise<String>} Its address
 */
async function startEcho(t) {
  const child = spawn(process.execPath, [path.join(ROOT, 'examples/echo.js')], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit']
  });
  t.after(() => child.kill());

  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return line;
}

/** Bytes that differ from their neighbours: `length` of them, or a text of that length. */
function pattern(length) {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
}

module.exports = { pattern, ROOT, startEcho };
