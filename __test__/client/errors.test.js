'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { RawServer, readMasked } = require('../support/raw-server');
const { follow, link } = require('./support');

/** What a server does wrong, and the close code that it is told. */
const FAULTS = [
  ['a masked text frame', '8185 37fa213d 7f9f4d5158', 1002],
  ['a masked empty frame', '8180 00000000', 1002],
  ['a masked ping', '8980 00000000', 1002],
  ['a masked close frame', '8882 00000000 03e8', 1002],
  ['RSV1', 'c100', 1002],
  ['RSV2', 'a100', 1002],
  ['RSV3', '9100', 1002],
  ['RSV1 in a control frame', 'c900', 1002],
  ['RSV1 in a continuation', '0101 61 c001 62', 1002],
  ['opcode 3', '8300', 1002],
  ['opcode 7', '8700', 1002],
  ['opcode 11', '8b00', 1002],
  ['opcode 15', '8f00', 1002],
  ['a fragmented ping', '0900', 1002],
  ['a fragmented close frame', '0800', 1002],
  ['a ping of 126 bytes', '897e 007e', 1002],
  ['a close frame of 1 byte', '8801 03', 1002],
  ['close code 1005', '8802 03ed', 1002],
  ['close code 999', '8802 03e7', 1002],
  ['close code 5000', '8802 1388', 1002],
  ['an orphan continuation', '8001 61', 1002],
  ['a message within a message', '0101 61 8101 62', 1002],
  ['a length beyond 2^53', '827f 0020000000000000', 1009],
  ['a length beyond maxPayload', '827f 0000000006400001', 1009],
  ['bad UTF-8', '8103 ceba e1', 1007],
  ['bad UTF-8 in a close reason', '8805 03e8 ceba e1', 1007]
];

suite('a client that finds its server at fault (WS-CONTRACT 19)', () => {
  for (const [fault, bytes, code] of FAULTS) {
    contract(
      `${fault}: 'error', close frame ${code}, 'close' 1006`,
      async ({ lib, log, t }) => {
        const raw = await RawServer.start(t);
        const { peer, ws } = await link({ lib, t }, raw);
        const closed = follow(ws, log);
        // A message before, and one behind that nobody hears.
        peer.send(`8102 6869 ${bytes}`);
        const { first, key, payload } = await readMasked(peer);
        log(first, key !== null, payload);
        peer.send('8102 6869');
        peer.socket.end();
        await closed;
        log(await peer.readToEnd());
      },
      (log) => {
        const closing = Buffer.alloc(2);
        closing.writeUInt16BE(code);
        const closes = log.filter(([event]) => event === 'close');
        const messages = log.filter(([event]) => event === 'message');
        assert.ok(
          log.some(
            ([first, masked, payload]) =>
              first === 0x88 &&
              masked &&
              payload === `Buffer ${closing.toString('hex')}`
          )
        );
        assert.deepStrictEqual(closes, [['close', 1006, 'Buffer ', 3]]);
        assert.strictEqual(messages.length, 1);
        assert.strictEqual(
          log.filter(([event]) => event === 'error').length,
          1
        );
      }
    );
  }

  contract('beyond the limits of its options', async ({ lib, log, t }) => {
    for (const [options, bytes] of [
      [{ maxPayload: 4 }, '8205'],
      [{ maxPayload: 4 }, '0203 616263 8002'],
      [{ maxPayload: 0 }, '8203 616263 8802 03e8'],
      [{ maxFragments: 2 }, '0101 61 0001 62 0001 63'],
      [{ maxFragments: 2 }, '0101 61 8001 62 8802 03e8']
    ]) {
      const raw = await RawServer.start(t);
      const { peer, ws } = await link({ lib, t }, raw, options);
      const closed = follow(ws, log);
      peer.send(bytes);
      const { first, payload } = await readMasked(peer);
      log(first, payload);
      peer.socket.end();
      await closed;
    }
  });

  contract(
    'takes bad UTF-8 with skipUTF8Validation',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const options = { skipUTF8Validation: true };
      const { peer, ws } = await link({ lib, t }, raw, options);
      const closed = follow(ws, log);
      peer.send('8103 cebae1 8805 03e8 cebae1');
      await readMasked(peer);
      await closed;
    },
    (log) => assert.deepStrictEqual(log[0], ['message', 'Buffer cebae1', false])
  );

  contract(
    'obeys autoPong and maxPendingAutoPongs',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const { peer, ws } = await link({ lib, t }, raw, { autoPong: false });
      const closed = follow(ws, log);
      peer.send('8901 61 8802 03e8');
      const { first, payload } = await readMasked(peer);
      log(first, payload);
      await closed;
    }
  );

  contract('waits no longer than closeTimeout', async ({ lib, log, t }) => {
    const raw = await RawServer.start(t);
    const { peer, ws } = await link({ lib, t }, raw, { closeTimeout: 50 });
    const closed = follow(ws, log);
    ws.close(1000);
    const { first, payload } = await readMasked(peer);
    await closed;
    // Last, as the peer may come to read it only after that.
    log(first, payload);
  });

  contract(
    'emits one event per macrotask without allowSynchronousEvents',
    async ({ lib, log, t }) => {
      const raw = await RawServer.start(t);
      const options = { allowSynchronousEvents: false };
      const { peer, ws } = await link({ lib, t }, raw, options);
      const closed = follow(ws, log);
      ws.on('message', () => queueMicrotask(() => log('microtask')));
      peer.send('8101 61 8101 62 8101 63 8802 03e8');
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(
        log.slice(0, 4).map(([event]) => event),
        ['message', 'microtask', 'message', 'microtask']
      )
  );
});
