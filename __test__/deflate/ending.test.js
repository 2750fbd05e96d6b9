'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { turns } = require('../support/session');
const { BINARY, ends, ROLES, sendAtOnce, TEXT } = require('./ends');
const { compressed, noise, words } = require('./support');

/** Becomes short, and takes long to be decompressed. */
const ZEROS = Buffer.alloc(8_000_000);

/** How a connection ends. Nothing is asked of ws for what it has not read. */
const ENDS = {
  'terminate()': ({ read, ws }) => whenRead(ws, read, () => ws.terminate()),
  'terminate() in a listener': ({ read, ws }) => {
    if (ws._socket.bytesRead >= read) ws.terminate();
    else whenRead(ws, read, () => ws.terminate());
  },
  FIN: ({ peer }) => peer.raw.socket.end()
};

/** Calls back in a later phase, when a connection has read that many bytes. */
function whenRead(ws, bytes, callback) {
  setImmediate(() => {
    if (ws._socket.bytesRead >= bytes) callback();
    else whenRead(ws, bytes, callback);
  });
}

for (const role of ROLES) {
  contract(
    `a ${role} delivers all complete messages that came before FIN (WS-CONTRACT 22)`,
    async (scenario) => {
      const { log } = scenario;

      for (const lengths of [
        [10, 20, 30],
        [2_000_000, 10, 1_000_000],
        [10, 3_000_000]
      ]) {
        const { closed, peer } = await ends(scenario, role, {
          onConnection(ws) {
            ws.on('message', (data) => log(data.length));
            ws.on('error', log);
            ws.on('close', (code) => log('close', code));
          }
        });
        for (const length of lengths) await peer.send(words(length));
        peer.raw.socket.end();
        await closed;
      }
    },
    (log) => {
      assert.deepStrictEqual(log.slice(0, 4), [
        [10],
        [20],
        [30],
        ['close', 1006]
      ]);
      assert.strictEqual(log.filter(([first]) => first === 'close').length, 3);
    }
  );

  for (const [how, act] of Object.entries(ENDS)) {
    contract(
      `a ${role} delivers all complete messages that it has read: ${how} (WS-CONTRACT 22)`,
      async (scenario) => {
        const { log } = scenario;

        for (const at of [5, ZEROS.length, 6]) {
          const { closed, peer, ws } = await ends(scenario, role);
          // One that is large, and one behind it; another, and the beginning of one.
          const bytes = sendAtOnce(peer, [
            [0x81, 'first'],
            [BINARY, compressed(ZEROS)],
            [BINARY, compressed('behind')],
            [BINARY, compressed(ZEROS)],
            [0x02, 'cut']
          ]);
          const read = ws._socket.bytesRead + bytes.length;
          let hasActed = false;

          ws.on('message', (data) => {
            log(data.length);
            if (data.length !== at || hasActed) return;
            hasActed = true;
            act({ peer, read, ws });
          });
          ws.on('error', log);
          ws.on('close', (code) => log('close', code));
          await closed;
        }
      },
      (log) => {
        const each = [5, ZEROS.length, 6, ZEROS.length, 'close'];
        assert.deepStrictEqual(
          log.map(([first]) => first),
          [...each, ...each, ...each]
        );
      }
    );
  }

  contract(
    `a ${role} that is terminated by a listener delivers the small ones it has read (WS-CONTRACT 22)`,
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await ends(scenario, role);
      const frames = [];

      for (const text of ['one', 'two', 'three']) {
        frames.push([TEXT, await peer.compress(text)]);
      }
      ws.on('message', (data) => {
        log(data, ws.readyState);
        ws.terminate();
      });
      ws.on('close', (code) => log('close', code));
      sendAtOnce(peer, [...frames, [0x89, 'ping'], [0x81, 'plain']]);
      await closed;
    },
    (log) => assert.strictEqual(log.length, 5)
  );

  contract(
    `a ${role} sends all that is being compressed before close() (WS-CONTRACT 25)`,
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await ends(scenario, role);
      const called = [];

      for (const length of [1_000_000, 10, 2_000_000]) {
        ws.send(words(length), (err) => called.push([length, err ?? null]));
      }
      ws.close(1000, 'enough');
      ws.close();
      log(ws.readyState);
      ws.send('late', (err) => log(err));

      for (let i = 0; i < 3; i++) log((await peer.message()).data.length);
      log((await peer.message()).controls);
      peer.frame(0x88, Buffer.from('03e8', 'hex'));
      peer.raw.socket.end();
      await closed;
      log(called);
    },
    (log) =>
      assert.deepStrictEqual(log.at(-2), [[['88', '\u0003\u00e8enough']]])
  );

  contract(
    `a ${role} that gets a close frame answers behind what is being compressed`,
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await ends(scenario, role, {
        onConnection(ws) {
          ws.on('message', (data) => {
            log(data);
            ws.send(words(2_000_000));
          });
          ws.on('close', (code) => log('close', code));
        }
      });
      await peer.send('question');
      peer.frame(0x88, Buffer.from('03e9', 'hex'));
      log((await peer.message()).data.length);
      log((await peer.message()).controls);
      peer.raw.socket.end();
      await closed;
      log(ws.readyState);
    }
  );

  contract(
    `a ${role} that fails on bad data is told once, and sends what it had (WS-CONTRACT 20)`,
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await ends(scenario, role, {
        onConnection(ws) {
          ws.on('error', (err) => log('error', err, ws.readyState));
          ws.on('close', (code) => log('close', code));
        }
      });
      ws.send(words(100_000));
      peer.frame(0xc1, Buffer.from('ffff', 'hex'));
      peer.frame(0xc1, Buffer.from('ffff', 'hex'));
      log((await peer.message()).data.length);
      log((await peer.message()).controls);
      peer.raw.socket.end();
      await closed;
    },
    (log) => {
      assert.strictEqual(log.filter(([name]) => name === 'error').length, 1);
    }
  );
}

test('messages that are being decompressed are delivered after terminate() (WS-CONTRACT 22)', async (t) => {
  for (const role of ROLES) {
    const scenario = { lib: libraries.ferrows, t };
    const events = [];
    const { closed, peer } = await ends(scenario, role, {
      onConnection(ws) {
        ws.on('ping', () => ws.terminate());
        ws.on('message', (data) => events.push(data.length));
        ws.on('close', (code) => events.push(`close ${code}`));
        ws.on('error', (err) => events.push(err.message));
      }
    });

    await peer.send(words(1000));
    peer.frame(0x89);
    await closed;
    // What came before it, and nothing behind 'close'.
    await turns();
    assert.deepStrictEqual(events, [1000, 'close 1006']);
  }
});

test('a paused connection emits nothing but what was being decompressed', async (t) => {
  for (const role of ROLES) {
    const scenario = { lib: libraries.ferrows, t };
    const events = [];
    const { closed, peer, ws } = await ends(scenario, role, {
      onConnection(ws) {
        ws.on('message', (data) => {
          events.push(data.length);
          if (events.length === 1) {
            ws.pause();
            setImmediate(() => {
              events.push('resume');
              ws.resume();
            });
          }
        });
      }
    });
    const lengths = [10, 20, 1_000_000, 30, 2_000_000, 40];

    for (const length of lengths) await peer.send(words(length));
    peer.frame(0x88);
    await closed;
    assert.deepStrictEqual(
      events.filter((each) => each !== 'resume'),
      lengths
    );
    assert.ok(events.includes('resume'));
    assert.strictEqual(ws.isPaused, false);
  }
});

test('a connection that is cut off while both ends compress is closed', async (t) => {
  for (const role of ROLES) {
    const scenario = { lib: libraries.ferrows, t };
    const { closed, peer, ws } = await ends(scenario, role, {
      onConnection: (ws) => ws.on('error', () => {})
    });
    const called = new Promise((resolve) => ws.send(noise(3_000_000), resolve));

    peer.raw.socket.resetAndDestroy();
    ws.send(noise(3_000_000));
    await closed;
    assert.ok((await called) instanceof Error);
    assert.strictEqual(ws.readyState, 3);
  }
});
