'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');

const { contract, libraries } = require('../support/contract');
const { turns } = require('../support/session');
const { BINARY, ends, FIN, ROLES, RSV1, TEXT } = require('./ends');
const { brief, logReceived, recorded } = require('./receiving');
const { noise, words } = require('./support');

const CONTINUATION = 0x00;

/** Cuts a buffer at these places. */
function cut(buffer, ...places) {
  return [0, ...places].map((start, i) => buffer.subarray(start, places[i]));
}

for (const role of ROLES) {
  suite(`a ${role} receives`, () => {
    contract(
      'the examples of RFC 7692 (7.2.3), and what is not compressed',
      (scenario) =>
        logReceived(scenario, role, {}, (peer) => {
          peer.frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'));
          peer.frame(TEXT, Buffer.from('f200110000', 'hex'));
          peer.frame(0x81, 'plain');
          peer.frame(BINARY, Buffer.from('f200110000', 'hex'));
          peer.frame(TEXT, Buffer.from('000500faff48656c6c6f00', 'hex'));
          peer.frame(TEXT, Buffer.from('f348cdc9c9070000', 'hex'));
          peer.frame(TEXT, Buffer.from('f24805000000ffffcac9c90700', 'hex'));
          peer.frame(TEXT, Buffer.from('00', 'hex'));
          peer.frame(BINARY);
        }),
      (log) => {
        const hello = Buffer.from('Hello').toString('hex');
        assert.deepStrictEqual(log[1], ['message', `Buffer ${hello}`, false]);
      }
    );

    contract(
      'messages of all sizes, the context kept and not',
      async (scenario) => {
        for (const params of [
          {},
          {
            client_no_context_takeover: true,
            server_no_context_takeover: true
          },
          { client_max_window_bits: 9, server_max_window_bits: 9 }
        ]) {
          await logReceived(
            { ...scenario, log: brief(scenario.log) },
            role,
            { params },
            async (peer) => {
              for (const length of [1, 125, 126, 4096, 70_000, 2_000_000]) {
                await peer.send(words(length));
                await peer.send(words(length));
                await peer.send(noise(length), BINARY);
              }
            }
          );
        }
      }
    );

    contract(
      'fragments, with control frames in between (RFC 6455 5.4)',
      (scenario) =>
        logReceived(scenario, role, {}, async (peer) => {
          for (const data of [words(500), noise(300), '']) {
            const payload = await peer.compress(data);
            const pieces = cut(payload, 0, payload.length >> 1);
            peer.frame(RSV1 | 0x02, pieces[0]);
            peer.frame(0x89, 'ping');
            peer.frame(CONTINUATION, pieces[1]);
            peer.frame(0x8a, 'pong');
            peer.frame(FIN | CONTINUATION, pieces[2]);
          }
          // Each fragment flushed.
          peer.frame(RSV1 | 0x01, await peer.compress('one ', false));
          peer.frame(CONTINUATION, await peer.compress('', false));
          peer.frame(FIN, await peer.compress('two', true));
        }),
      (log) => assert.ok(log.some(([event]) => event === 'ping'))
    );

    contract(
      'the same wherever the bytes of the frames are cut',
      async (scenario) => {
        const { closed, peer } = await recorded(scenario, role);
        const bytes = [];
        peer.raw.send = (each) => bytes.push(Buffer.from(each));
        await peer.send('Hello');
        await peer.send(words(300));
        peer.frame(RSV1 | 0x01, await peer.compress(words(40), false));
        peer.frame(FIN, await peer.compress(words(40), true));
        peer.frame(0x88);
        delete peer.raw.send;

        // A write for each byte, so that most arrive alone.
        for (const byte of Buffer.concat(bytes)) {
          peer.raw.send(Buffer.from([byte]));
          await turns(1);
        }
        await closed;
      },
      (log) => assert.strictEqual(log.length, 4)
    );

    for (const binaryType of ['arraybuffer', 'fragments', 'blob']) {
      contract(
        `binary messages as ${binaryType} (WS-CONTRACT 10)`,
        (scenario) => {
          const log = (...values) =>
            scenario.log(...values.map((value) => value?.size ?? value));
          const onConnection = (ws) => (ws.binaryType = binaryType);

          return logReceived(
            { ...scenario, log },
            role,
            { onConnection },
            async (peer) => {
              await peer.send(words(200), BINARY);
              await peer.send(words(20));
              peer.frame(RSV1 | 0x02, await peer.compress('one', false));
              peer.frame(CONTINUATION, await peer.compress('', false));
              peer.frame(FIN, await peer.compress('two', true));
              await peer.send('', BINARY);
              await peer.send(noise(300_000), BINARY);
            }
          );
        }
      );
    }

    contract(
      'one event per macrotask, if allowSynchronousEvents is false (WS-CONTRACT 17)',
      (scenario) => {
        const how = {
          others: { allowSynchronousEvents: false },
          onConnection(ws) {
            ws.on('message', () =>
              Promise.resolve().then(() => scenario.log('microtask'))
            );
          }
        };
        return logReceived(scenario, role, how, async (peer) => {
          for (const text of ['one', 'two', 'three']) await peer.send(text);
        });
      },
      (log) =>
        assert.deepStrictEqual(
          log.map(([event]) => event),
          [...Array(3).fill(['message', 'microtask']).flat(), 'close']
        )
    );

    contract('pings in their order among messages that take long', (scenario) =>
      logReceived(
        { ...scenario, log: brief(scenario.log) },
        role,
        {},
        async (peer) => {
          for (let i = 0; i < 3; i++) {
            await peer.send(words(1_500_000, i));
            peer.frame(0x89, `ping ${i}`);
            await peer.send(`small ${i}`);
          }
        }
      )
    );
  });
}

test('an empty message moves no other: what was delivered stays as it was', async (t) => {
  for (const role of ROLES) {
    const kept = [];
    const scenario = { lib: libraries.ferrows, t };
    const { closed, peer } = await ends(scenario, role, {
      onConnection(ws) {
        ws.on('message', (data) => kept.push([data, data.toString()]));
      }
    });
    const texts = Array.from({ length: 400 }, (_, i) => `message ${i}`);

    for (const text of texts.slice(0, 300)) peer.frame(0x81, text);
    await turns();
    for (let i = 0; i < 8; i++) peer.frame(TEXT, Buffer.from([0]));
    await turns();
    for (const text of texts.slice(300)) peer.frame(0x81, text);
    peer.frame(0x88);
    await closed;

    const received = kept.filter(([, text]) => text !== '');
    assert.deepStrictEqual(
      received.map(([, text]) => text),
      texts
    );
    for (const [data, text] of received) {
      assert.strictEqual(data.toString(), text);
    }
  }
});
