'use strict';

// Peers that write or read one byte at a time. How much time is between the bytes is nothing to a connection: here
// each has a turn of the loop, and others are served meanwhile.

const assert = require('node:assert');

const { comparesStreams, contract } = require('../support/contract');
const { readMasked } = require('../support/raw-server');
const { record, turns } = require('../support/session');
const { hasRead, ROLES } = require('./support');

const SIZE = 500_000;
/** How many messages wait for a peer that does not read, and the bytes that it takes at once when it does. */
const WAITING = 20;
const LITTLE = 16_384;
/** So often at least it becomes less; the system says that it takes more a third of its buffer at a time. */
const STEPS = 4;
const LAST = 'the last';

/** A payload in which each byte tells where it is, for 251 bytes at a time. */
function payloadOf(number) {
  const bytes = Uint8Array.from({ length: 251 }, (_, at) => at + number);
  return Buffer.alloc(SIZE, bytes);
}

/** The payload behind a masking key, which lies from `key` to `begin`; there is none of a server. */
function unmasked(bytes, key, begin, length) {
  const payload = Buffer.from(bytes.subarray(begin, begin + length));
  if (key === begin) return payload;
  for (let i = 0; i < length; i++) payload[i] ^= bytes[key + (i & 3)];
  return payload;
}

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
    `a peer of a ${role} that reads bytes one by one, and then a little at a time: what waits is counted, becomes less by and by, is not written again, and arrives whole`,
    async (scenario) => {
      const { log } = scenario;
      const { closed, peer, ws } = await session(scenario);
      const { socket } = peer;
      let sent = 0;
      let called = 0;

      // It reads when it is told to.
      socket.removeAllListeners('data');
      socket.pause();
      while (ws.bufferedAmount < WAITING * SIZE) {
        ws.send(payloadOf(sent++), () => called++);
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
      assert.ok(taken < waiting, `${taken} bytes left`);
      log(ws.readyState);

      // What was written again would be in front of this one.
      ws.send(LAST);
      const header = role === 'server' ? 10 : 14;
      const length = sent * (header + SIZE) + header - 8 + LAST.length;
      let missing = length - chunks.length;
      let amount = ws.bufferedAmount;
      let steps = 0;
      while (missing > 0) {
        const chunk = socket.read(Math.min(LITTLE, missing));
        if (chunk !== null) {
          chunks.push(chunk);
          missing -= chunk.length;
        }
        await turns(1);
        assert.ok(ws.bufferedAmount <= amount, 'it became more');
        if (ws.bufferedAmount < amount) steps++;
        amount = ws.bufferedAmount;
      }
      // Of a stream nothing is told until it has written all that it was given at once.
      const isStream = scenario.name === 'ws' || comparesStreams();
      assert.ok(steps >= (isStream ? 1 : STEPS), `less in ${steps} steps`);
      peer.reset();
      await closed;

      const all = Buffer.concat(chunks);
      for (let i = 0; i < sent; i++) {
        const begin = i * (header + SIZE);
        assert.strictEqual(all[begin], 0x82, `message ${i}`);
        const payload = unmasked(all, begin + 10, begin + header, SIZE);
        assert.ok(payload.equals(payloadOf(i)), `message ${i}`);
      }
      const end = sent * (header + SIZE);
      const last = unmasked(all, end + 2, end + header - 8, LAST.length);
      assert.strictEqual(last.toString(), LAST);
      assert.strictEqual(all.length, length);
      log(called === sent, ws.bufferedAmount);
    }
  );
}
