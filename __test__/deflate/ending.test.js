'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { turns } = require('../support/session');
const { ends, ROLES } = require('./ends');
const { noise, words } = require('./support');

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
