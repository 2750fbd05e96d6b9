'use strict';

// Bun and Deno. They are looked for where the variables BUN and DENO say, and in PATH.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const { before, describe, test } = require('node:test');

const { frame } = require('../support/raw-client');
const { open } = require('../support/serve');
const { talk } = require('./programs/conversation');
const { LIBRARIES, run } = require('./support');

const ws = require('ws');

const RUNTIMES = [
  { name: 'Bun', binary: find('bun'), flags: [] },
  { name: 'Deno', binary: find('deno'), flags: ['run', '--allow-all'] }
];

/** The path of a program, or null. */
function find(program) {
  const variable = process.env[program.toUpperCase()];
  if (variable) return variable;

  try {
    return execFileSync('which', [program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore']
    }).trim();
  } catch {
    return null;
  }
}

/** Why tests are skipped; where `CI` is set, they fail instead. */
function skip(name, binary) {
  if (binary !== null || process.env.CI) return false;
  return `${name} is not installed (set ${name.toUpperCase()} to its path)`;
}

for (const { name, binary, flags } of RUNTIMES) {
  describe(name, { skip: skip(name, binary) }, () => {
    const runtime = [binary, ...flags];
    /** What is heard where both ends are ws on Node.js. */
    let expected;

    before(() => {
      assert.ok(binary, `${name} is needed`);
    });

    test("serves ws's clients", async (t) => {
      const args = ['serve', LIBRARIES.ferrows];
      const server = run(t, 'conversation.js', args, { runtime });
      const addresses = await server.read();

      expected ??= await reference(t);
      for (const address of addresses) {
        assert.deepStrictEqual(await talk(ws, address), expected);
      }
    });

    test("is a client of ws's servers", async (t) => {
      const server = run(t, 'conversation.js', ['serve', LIBRARIES.ws]);
      const addresses = await server.read();
      const args = ['talk', LIBRARIES.ferrows, ...addresses];
      const client = run(t, 'conversation.js', args, { runtime });

      expected ??= await reference(t);
      assert.deepStrictEqual(await client.read(), expected);
      assert.deepStrictEqual(await client.read(), expected);
      await client.success();
    });

    test('dies of what a listener throws, says so, and sends what was sent before', async (t) => {
      const args = [LIBRARIES.ferrows, 'throw'];
      const server = run(t, 'last-words.js', args, { runtime });
      const client = await open(t, await server.read());

      client.send(frame(0x81, 'now'));
      const { payload } = await client.readFrame();
      assert.strictEqual(payload.toString(), 'last');
      assert.deepStrictEqual(await server.ended, { code: 1, signal: null });
      assert.match(server.stderr, /thrown/);
    });

    test('lives when workers end', async (t) => {
      const program = run(t, 'workers.js', [LIBRARIES.ferrows], { runtime });

      assert.deepStrictEqual(await program.read(), ['terminate()', []]);
      assert.deepStrictEqual(await program.read(), ['process.exit()', []]);
      assert.deepStrictEqual(await program.read(), ['throw', ['thrown']]);
      await program.success();
    });

    if (name === 'Deno') {
      test('lives when the realm of a file of tests ends', async (t) => {
        await run(t, 'realm.js', [], {
          runtime: [binary, 'test', '--allow-all', '--no-check', '--quiet']
        }).success();
      });
    }
  });
}

/** What ws hears from ws. */
async function reference(t) {
  const server = run(t, 'conversation.js', ['serve', LIBRARIES.ws]);
  const [address] = await server.read();
  const log = await talk(ws, address);

  assert.ok(log.length >= 10);
  return log;
}
