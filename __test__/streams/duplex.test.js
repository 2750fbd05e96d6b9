'use strict';

const assert = require('node:assert');
const { suite, test } = require('node:test');
const { PassThrough } = require('node:stream');

const { contract, libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { record, turns } = require('../support/session');
const {
  memoryPair,
  memorySession,
  MemoryStream,
  upgrade,
  upgradeRequest
} = require('./support');

/** A stream without the methods that a `net.Socket` has beyond those of a `Duplex`, or cork. */
class BareStream extends MemoryStream {}

for (const name of ['setTimeout', 'setNoDelay', 'ref', 'unref']) {
  BareStream.prototype[name] = undefined;
}

/** A stream whose peer answers from within `write()`. */
class SynchronousStream extends MemoryStream {
  _write(chunk, encoding, callback) {
    super._write(chunk, encoding, callback);
    this.onChunk?.(chunk);
  }
}

/** Sends one message each way, a ping, and closes. */
async function converse({ far, received, ws, closed }, log) {
  record(ws, log);
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
  far.write(frame(0x81, 'one'));
  far.write(frame(0x82, Buffer.from([0, 255])));
  far.write(frame(0x89, 'ping'));
  await turns();
  far.write(frame(0x88, Buffer.from('03e8627965', 'hex')));
  await closed;
  log(received());
}

const CONVERSATION =
  'Buffer 81036f6e65' + '820200ff' + '8a0470696e67' + '880503e8627965';

suite('handleUpgrade() takes any Duplex (WS-CONTRACT 2)', () => {
  const kinds = {
    'a pair in memory': {},
    'one without setTimeout(), setNoDelay(), ref() and unref()': {
      Class: BareStream
    },
    'one whose highWaterMark is one byte': { stream: { highWaterMark: 1 } },
    'one whose highWaterMark is zero': { stream: { highWaterMark: 0 } },
    'one with objectMode false and decodeStrings': {
      stream: { objectMode: false, decodeStrings: true }
    },
    'one that does not destroy itself': { stream: { autoDestroy: false } },
    'one that does not stay half open': { stream: { allowHalfOpen: false } }
  };

  for (const [kind, options] of Object.entries(kinds)) {
    contract(
      kind,
      async ({ lib, log, t }) => {
        const session = await memorySession({ lib, t }, options);
        if (options.stream?.autoDestroy === false) {
          session.near.once('finish', () => session.near.destroy());
        }
        await converse(session, log);
      },
      (log) => assert.deepStrictEqual(log.at(-1), [CONVERSATION])
    );
  }

  contract('one whose write callbacks come late', async ({ lib, log, t }) => {
    const session = await memorySession({ lib, t });
    session.near.onWritten = (callback) => setImmediate(callback);
    await converse(session, log);
  });

  contract(
    'throws the second time for the same stream',
    async ({ lib, log, t }) => {
      const { near, wss } = await memorySession({ lib, t });
      assert.throws(
        () =>
          wss.handleUpgrade(upgradeRequest(near), near, Buffer.alloc(0), log),
        (error) => {
          log(error);
          return true;
        }
      );
    }
  );

  contract(
    'destroys one that is not writable, and does not call back',
    async ({ lib, log, t }) => {
      const [near, far] = memoryPair();
      const wss = new lib.WebSocketServer({ noServer: true });
      t.after(() => far.destroy());
      near.end();
      wss.handleUpgrade(upgradeRequest(near), near, Buffer.alloc(0), log);
      log(near.destroyed);
      await turns();
    }
  );
});

suite('What a stream holds already', () => {
  contract(
    'head comes first, then what it has buffered; nothing before the callback has run',
    async ({ lib, log, t }) => {
      const [near, far] = memoryPair();
      t.after(() => far.destroy());
      const whole = Buffer.concat(
        ['head', 'split', 'buffered'].map((text) => frame(0x81, text))
      );
      far.write(whole.subarray(13));
      await turns(2);
      const { ws } = upgrade({ lib, t }, near, { head: whole.subarray(0, 13) });
      record(ws, log);
      log('returned');
      await turns();
    },
    (log) =>
      assert.deepStrictEqual(
        log.map(([name]) => name),
        ['returned', 'message', 'message', 'message']
      )
  );

  contract(
    'what it has still to write goes before the response',
    async ({ lib, log, t }) => {
      const [near, far] = memoryPair();
      const chunks = [];
      let go;
      t.after(() => far.destroy());
      near.onWritten = (callback) => (go = callback);
      near.write('first;');
      near.write('second;');
      far.on('data', (chunk) => chunks.push(chunk));
      const { ws } = upgrade({ lib, t }, near);
      ws.send('third');
      near.onWritten = (callback) => callback();
      await turns();
      go();
      await turns();
      const text = Buffer.concat(chunks).toString('latin1');
      log(text.replace(/\r\n.*\r\n\r\n/s, '…'));
    },
    (log) =>
      assert.deepStrictEqual(log, [
        ['first;second;HTTP/1.1 101 Switching Protocols…\x81\x05third']
      ])
  );

  contract(
    'one that is corked writes when it is uncorked',
    async ({ lib, log, t }) => {
      const [near, far] = memoryPair();
      const chunks = [];
      t.after(() => far.destroy());
      far.on('data', (chunk) => chunks.push(chunk));
      near.cork();
      const { ws } = upgrade({ lib, t }, near);
      ws.send('a', (error) => log('sent', error));
      await turns();
      log(chunks.length);
      near.uncork();
      await turns();
      log(Buffer.concat(chunks).subarray(-3));
    },
    (log) => assert.deepStrictEqual(log[0], [0])
  );

  for (const event of ['data', 'readable']) {
    contract(
      `a '${event}' listener of somebody else hears the stream, too`,
      async ({ lib, log, t }) => {
        const [near, far] = memoryPair();
        let heard = 0;
        t.after(() => far.destroy());
        near.on(event, () => {
          heard++;
          // Nothing flows for anybody then.
          if (event === 'readable') near.read();
        });
        const { ws } = upgrade({ lib, t }, near);
        record(ws, log);
        far.write(frame(0x81, 'a'));
        await turns();
        log(event === 'data' ? heard : heard > 0);
      }
    );
  }

  contract('an encoding is put up with', async ({ lib, log, t }) => {
    const [near, far] = memoryPair();
    t.after(() => far.destroy());
    near.setEncoding('utf8');
    far.on('end', () => far.end()).resume();
    const { closed, ws } = upgrade({ lib, t }, near);
    record(ws, log);
    // All bytes of this frame are ASCII, but its first two.
    far.write(Buffer.from('01057a', 'hex'));
    await closed;
  });
});

suite('Classes and methods of a stream', () => {
  contract(
    'a derived class and an own write() see each write',
    async ({ lib, log, t }) => {
      const sizes = [];
      class Derived extends MemoryStream {
        write(chunk, ...rest) {
          sizes.push(chunk.length);
          return super.write(chunk, ...rest);
        }
      }
      const { near, received, ws } = await memorySession(
        { lib, t },
        { Class: Derived }
      );
      ws.send('derived');
      await turns();
      const own = [];
      near.write = function (chunk, ...rest) {
        own.push(chunk.length);
        return Derived.prototype.write.call(this, chunk, ...rest);
      };
      ws.send('own');
      await turns();
      const sum = (list) => list.reduce((a, b) => a + b, 0);
      log(sum(own), sum(sizes) - sizes[0], received());
    }
  );

  contract('ws._socket is the stream itself', async ({ lib, log, t }) => {
    const { near, ws } = await memorySession({ lib, t });
    log(ws._socket === near, near instanceof MemoryStream);
  });

  contract(
    'a proxied connection works: what a PassThrough hands on',
    async ({ lib, log, t }) => {
      const [near, far] = memoryPair();
      const { Duplex } = require('node:stream');
      const inwards = new PassThrough();
      const outwards = new PassThrough();
      near.pipe(inwards);
      outwards.pipe(near);
      t.after(() => far.destroy());
      const proxied = Duplex.from({ readable: inwards, writable: outwards });
      const chunks = [];
      far.on('data', (chunk) => chunks.push(chunk));
      const { closed, ws } = upgrade({ lib, t }, proxied);
      record(ws, log);
      ws.on('message', (data) => ws.send(data));
      far.write(frame(0x81, 'through'));
      await turns(20);
      far.write(frame(0x88, Buffer.from('03e8', 'hex')));
      far.end();
      await closed;
      await turns();
      const bytes = Buffer.concat(chunks);
      log(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4));
    }
  );
});

suite("A stream that emits 'data' within write()", () => {
  for (const library of ['ws', 'ferrows']) {
    test(`loses nothing, and keeps the order: ${library}`, async (t) => {
      const lib = libraries[library];
      const { near, received, ws } = await memorySession(
        { lib, t },
        { Class: SynchronousStream, stream: { readableHighWaterMark: 1 } }
      );
      const seen = [];
      let count = 0;
      const done = new Promise((resolve) => {
        ws.on('message', (data) => {
          seen.push(String(data));
          if (seen.length === 50) resolve();
          else ws.send(`answer ${seen.length}`);
        });
      });
      near.onChunk = () => {
        if (count < 50) near.emit('data', frame(0x81, `${count++}`));
      };
      ws.send('start');
      await done;
      assert.deepStrictEqual(
        seen,
        Array.from({ length: 50 }, (_, i) => `${i}`)
      );
      await turns();
      assert.strictEqual(
        received()
          .toString('latin1')
          .match(/answer/g).length,
        49
      );
    });
  }
});
