'use strict';

// Many connections at once: they come while the server closes, and all go in one moment.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { suite, test } = require('node:test');

const { LIBRARIES, run } = require('../runtime/support');
const { libraries } = require('../support/contract');
const { frame, RawClient, request } = require('../support/raw-client');
const { serve } = require('../support/serve');

/** What a process may have more than connections. */
const SPARE = 200;
const hard = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
const limit = hard.startsWith('unlimited') ? Infinity : Number(hard);
const WANTED = 10_000;
const COUNT = Math.min(WANTED, limit - SPARE);

const major = parseInt(process.versions.node, 10);

const program = (name) => path.join(__dirname, 'programs', name);

for (const name of ['ferrows', 'streams']) {
  test(`${COUNT} connections that are dropped at once while they are written to end once each, and leave nothing: ${name}`, async (t) => {
    // Elsewhere there are as many as the machine allows.
    if (process.env.CI)
      assert.strictEqual(COUNT, WANTED, `ulimit -Hn: ${hard}`);
    const descriptors = COUNT + SPARE;
    const server = run(t, program('crowded.js'), [LIBRARIES[name]], {
      descriptors
    });
    const { open: before, port } = await server.read();
    const crowd = run(t, program('crowd.js'), [port, COUNT], { descriptors });

    assert.strictEqual(await crowd.read(), 'open');
    server.write('broadcast');
    // From here on the server writes to nobody.
    crowd.child.kill('SIGKILL');
    await crowd.ended;

    const { codes, errors, open } = await server.read();
    assert.deepStrictEqual(
      { codes, errors },
      { codes: { 1006: COUNT }, errors: 0 }
    );
    assert.ok(open <= before + 10, `${open} descriptors, ${before} before`);

    const client = await RawClient.open(port);
    client.send(frame(0x81, 'still here?'));
    assert.strictEqual(
      (await client.readFrame()).payload.toString(),
      'still here?'
    );
    client.socket.destroy();
    server.child.stdin.end();
    await server.success();
  });
}

for (const name of ['ws', 'ferrows', 'streams']) {
  suite(`close() of a server during a storm: ${name}`, () => {
    for (const at of [0, 1, 150]) {
      test(`at connection ${at}: each request is answered or its connection ended, and 'close' comes once, after the last client`, async (t) => {
        const { port, wss } = await serve(t, libraries[name]);
        const outcomes = { accepted: 0, ended: 0, refused: 0 };
        let connections = 0;
        let ends = 0;
        const left = [];
        // How many connections had ended when 'close' came.
        const closes = [];

        wss.on('close', () => closes.push(ends));
        wss.on('connection', (ws) => {
          ws.on('error', () => assert.fail());
          ws.on('close', () => ends++);
          left.push(once(ws, 'close'));
          ws.on('message', (data) => ws.send(data));
          if (++connections === at) wss.close();
        });

        const visit = async () => {
          let client;
          try {
            client = await RawClient.connect(port);
            client.send(Buffer.concat([request(), frame(0x81, 'hello')]));
            const head = await client.readHead();
            if (!head.startsWith('HTTP/1.1 101')) {
              // Of the upgrade nobody is left to speak, but of the http server.
              assert.match(head, /^HTTP\/1\.1 (426|503) /);
              outcomes.refused++;
              return;
            }
            const { payload } = await client.readFrame();
            assert.strictEqual(payload.toString(), 'hello');
            outcomes.accepted++;
          } catch (error) {
            if (error instanceof assert.AssertionError) throw error;
            outcomes.ended++;
          } finally {
            client?.socket.destroy();
          }
        };
        const visits = Array.from({ length: 300 }, visit);
        const over = once(wss, 'close');
        if (at === 0) setImmediate(() => wss.close());

        await Promise.all(visits);
        await over;
        await Promise.all(left);
        await new Promise(setImmediate);
        t.diagnostic(JSON.stringify(outcomes));
        assert.strictEqual(closes.length, 1);
        // Of its own sockets Node.js 26 tells the server first, and then of the last one's end.
        if (name === 'ferrows' || major < 26) {
          assert.strictEqual(closes[0], connections);
        }
        assert.strictEqual(ends, connections);
        assert.strictEqual(wss.clients.size, 0);
        assert.strictEqual(outcomes.accepted, connections);
        assert.ok(connections >= at);
        assert.ok(
          connections < 300,
          'the server did not close during the storm'
        );
      });
    }
  });
}
