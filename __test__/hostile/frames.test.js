'use strict';

// Peers that try to have much kept, or much done, for few bytes.

const assert = require('node:assert');
const fs = require('node:fs');
const { suite, test } = require('node:test');

const { hasRead, ROLES } = require('../faults/support');
const { Child } = require('../support/child');
const { contract, libraries } = require('../support/contract');
const { readMasked } = require('../support/raw-server');
const { record, turns } = require('../support/session');

/** The length of 64 bits in the header of a frame, as hex. */
const LENGTHS = {
  ffffffffffffffff: 'with the most significant bit',
  '7fffffffffffffff': '2^63 - 1',
  '0020000000000000': '2^53',
  '001fffffffffffff': '2^53 - 1',
  '0000010000000000': '2^40',
  // This much a system gives without a word.
  '0000000040000000': '2^30'
};

/** How much of each may be added meanwhile. A thread alone reserves some 70 MB of addresses. */
const BOUNDS = {
  addresses: 300e6,
  arrayBuffers: 10e6,
  external: 10e6,
  rss: 100e6
};

/**
 * Bytes of memory, in use and reserved. Of what is reserved and was never written only the address space of the
 * process tells, and V8 of its buffers.
 */
function memory() {
  const { arrayBuffers, external, rss } = process.memoryUsage();
  const status = fs.readFileSync('/proc/self/status', 'latin1');
  const [, kibibytes] = /^VmSize:\s+(\d+) kB$/m.exec(status);
  return { addresses: kibibytes * 1024, arrayBuffers, external, rss };
}

for (const [role, { session }] of Object.entries(ROLES)) {
  suite(`A peer of a ${role}`, () => {
    for (const [length, what] of Object.entries(LENGTHS)) {
      for (const maxPayload of [0, 1000]) {
        contract(
          `that declares a length of ${what}, with maxPayload ${maxPayload}: an error at the header, or nothing is reserved`,
          async (scenario) => {
            const { log } = scenario;
            const before = memory();
            const { closed, peer, ws } = await session(scenario, {
              onConnection: (ws) => record(ws, log),
              options: { maxPayload }
            });
            const start = ws._socket.bytesRead;
            const mask = role === 'server' ? '00000000' : '';
            const second = role === 'server' ? 'ff' : '7f';
            const bytes = `82${second} ${length} ${mask} 61`;

            peer.send(bytes);
            await hasRead(ws._socket, start + (role === 'server' ? 15 : 11));
            await turns();
            log(ws.readyState);
            for (const [kind, now] of Object.entries(memory())) {
              const more = now - before[kind];
              assert.ok(more < BOUNDS[kind], `${kind}: ${more} bytes more`);
            }
            if (ws.readyState === ws.OPEN) {
              peer.reset();
              return closed;
            }
            const { first, payload } = await readMasked(peer);
            log(first, payload);
            peer.socket.end();
            await closed;
          }
        );
      }
    }

    for (const type of ['nodebuffer', 'arraybuffer', 'fragments']) {
      test(`has a small message kept, as ${type}: no large buffer is kept with it`, async (t) => {
        const { make, session } = ROLES[role];
        const kept = [];
        const { peer, ws } = await session(
          { lib: libraries.ferrows, t },
          {
            onConnection(ws) {
              ws.binaryType = type;
              ws.on('message', (data) => {
                if ((data.byteLength ?? data[0].length) < 100) kept.push(data);
              });
            }
          }
        );
        for (let i = 0; i < 50; i++) {
          peer.send(
            Buffer.concat([
              make(0x82, 'small'),
              make(0x82, Buffer.alloc(200_000)),
              make(0x82, 'small too')
            ])
          );
          peer.send(make(0x89));
          await readMasked(peer);
        }
        assert.strictEqual(kept.length, 100);
        for (const data of kept.flat()) {
          const { byteLength } = data.buffer ?? data;
          assert.ok(byteLength <= 8192, `${byteLength} bytes`);
        }
        ws.terminate();
      });
    }
  });
}

/** Has a server in a process of its own be sent bytes by many clients; says by how much its memory grew. */
async function growth(t, name, given) {
  const source = `(rest) => (${grow})({ ...rest, ...${JSON.stringify(given)} })`;
  const child = new Child(t, name, source, ['--expose-gc']);
  return child.next();
}

function grow({
  begin = '',
  clients,
  hex,
  lib,
  repeat,
  say,
  segments,
  support
}) {
  const { RawClient } = support('raw-client');
  const turn = () => new Promise(setImmediate);
  const sockets = [];
  const wss = new lib.WebSocketServer({
    host: '127.0.0.1',
    maxBufferedChunks: 0,
    maxFragments: 0,
    maxPayload: 0,
    port: 0
  });
  let ended = 0;

  wss.on('connection', (ws) => {
    sockets.push(ws);
    ws.on('close', () => ended++);
    ws.on('error', () => {});
  });
  wss.on('listening', async () => {
    const { port } = wss.address();
    const peers = [];
    for (let i = 0; i < clients; i++) peers.push(await RawClient.open(port));
    while (sockets.length < clients) await turn();

    const read = () => sockets.map((ws) => ws._socket.bytesRead);
    const start = read();
    const bytes = Buffer.from(begin + hex.repeat(repeat), 'hex');
    const measure = async () => {
      for (let i = 0; i < 5; i++) {
        globalThis.gc();
        await turn();
      }
      return process.memoryUsage().rss;
    };
    const all = async (count) => {
      while (read().some((now, i) => now - start[i] < count)) await turn();
    };

    // What is sent first, whatever it is, has the process grow by what it always needs.
    const before = await measure();
    if (segments) {
      for (let at = 0; at < bytes.length; at++) {
        for (const peer of peers) peer.send(bytes.subarray(at, at + 1));
        await all(at + 1);
      }
    } else {
      for (const peer of peers) peer.send(bytes);
      await all(bytes.length);
    }
    say({ grown: (await measure()) - before, held: ended === 0 });
    process.exit();
  });
}

suite('What a peer of a server sends in pieces is held as what it is', () => {
  // A header of 100 MiB, then its payload byte by byte: in pages of 64 KiB, it would be 1.6 GB.
  const declared = `82ff000000000640000000000000${'61'.repeat(486)}`;

  for (const name of ['ferrows', 'streams']) {
    test(`50 connections that each send 500 segments of one byte: ${name}`, async (t) => {
      const { grown, held } = await growth(t, name, {
        clients: 50,
        hex: declared,
        repeat: 1,
        segments: true
      });
      t.diagnostic(`${grown} bytes more`);
      assert.ok(held);
      assert.ok(grown < 60e6, `${grown}`);
    });

    for (const [what, hex] of [
      ['empty fragments', '008000000000'],
      ['fragments of one byte', '00810000000061']
    ]) {
      test(`a million ${what}, without maxFragments: ${name}`, async (t) => {
        const { grown, held } = await growth(t, name, {
          begin: '028000000000',
          clients: 1,
          hex,
          repeat: 1_000_000
        });
        t.diagnostic(`${grown} bytes more`);
        assert.ok(held);
        assert.ok(grown < 40e6, `${grown}`);
      });
    }
  }
});
