'use strict';

// Peers that write or read one byte at a time. How much time is between the bytes is nothing to a connection: here
// each has a turn of the loop, and others are served meanwhile.

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { readMasked } = require('../support/raw-server');
const { record, turns } = require('../support/session');
const { hasRead, ROLES } = require('./support');

for (const [role, { make, session }] of Object.entries(ROLES)) {
  contract(
    `a peer of a ${role} that writes one byte at a time: all is as if it came at once, and another is served between`,
    async (scenario) => {
      const { log } = scenario;
      const slow = await session(scenario, {
        onConnection: (ws) => record(ws, log)
      });
      const quick = await session(scenario, {
        onConnection: (ws) => ws.on('message', (data) => ws.send(data))
      });
      const bytes = Buffer.concat([
        make(0x81, 'hello'),
        make(0x01, 'a'),
        make(0x89, 'ping'),
        make(0x00),
        make(0x80, 'z'.repeat(200)),
        make(0x82, Buffer.alloc(300, 7)),
        make(0x88, Buffer.from('0fa0', 'hex'))
      ]);
      const before = slow.ws._socket.bytesRead;

      for (let at = 0; at < bytes.length; at++) {
        slow.peer.send(bytes.subarray(at, at + 1));
        await hasRead(slow.ws._socket, before + at + 1);
        if (at % 10 !== 0) continue;
        quick.peer.send(make(0x81, 'quick'));
        const { payload } = await readMasked(quick.peer);
        assert.strictEqual(payload.toString(), 'quick');
      }
      const pong = await readMasked(slow.peer);
      const close = await readMasked(slow.peer);
      log(pong.first, pong.payload, close.first, close.payload);
      slow.peer.socket.end();
      await slow.closed;
    },
    (log) => assert.deepStrictEqual(log.at(-1)[1], 4000)
  );

  contract(
    `a peer of a ${role} that reads one byte at a time: what waits is counted and not written again, and then arrives whole`,
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await session(scenario);
      const { socket } = peer;
      const SIZE = 500_000;
      let sent = 0;
      let called = 0;

      // It reads when it is told to.
      socket.removeAllListeners('data');
      socket.pause();
      while (ws.bufferedAmount === 0) {
        ws.send(Buffer.alloc(SIZE, sent++), () => called++);
        await turns(1);
      }

      const chunks = [];
      const waiting = ws.bufferedAmount;
      for (let i = 0; i < 300; i++) {
        let byte = socket.read(1);
        while (byte === null) {
          await turns(1);
          byte = socket.read(1);
        }
        chunks.push(byte);
        await turns(1);
      }
      // Node.js has read some more for it than that.
      const taken = waiting - ws.bufferedAmount;
      assert.ok(taken <= 4 * SIZE, `${taken} bytes left`);
      log(ws.readyState);

      const header = role === 'server' ? 10 : 14;
      let missing = sent * (header + SIZE) - chunks.length;
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        missing -= chunk.length;
      });
      socket.resume();
      while (missing > 0) await turns(1);
      peer.reset();
      await closed;

      const all = Buffer.concat(chunks);
      for (let i = 0; i < sent; i++) {
        const begin = i * (header + SIZE);
        const key = all.subarray(begin + 10, begin + header);
        const payload = all.subarray(begin + header, begin + header + SIZE);
        const byte = (at) => i ^ (key[at & 3] ?? 0);
        const expected = Buffer.alloc(
          SIZE,
          Buffer.from([0, 1, 2, 3].map(byte))
        );
        assert.ok(payload.equals(expected), `message ${i}`);
      }
      log(called === sent, ws.bufferedAmount);
    }
  );
}
