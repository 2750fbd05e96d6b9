'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { describe, it } = require('node:test');

const websocketStream = require('websocket-stream');

const { assertUsesFerrows, listen, watch } = require('./support');

describe('websocket-stream', () => {
  it('pipes megabytes through an echo, in order', async (t) => {
    assertUsesFerrows('websocket-stream');

    const opened = watch(t);
    const server = http.createServer();
    const wss = websocketStream.createServer({ server }, (stream) => {
      stream.pipe(stream);
    });
    t.after(() => wss.close());

    const port = await listen(t, server);
    const stream = websocketStream(`ws://127.0.0.1:${port}`);
    t.after(() => stream.destroy());

    const chunks = Array.from({ length: 64 }, (_, i) =>
      Buffer.alloc(65_536, i)
    );
    const expected = Buffer.concat(chunks);
    const received = [];
    let length = 0;

    const all = new Promise((resolve, reject) => {
      stream.on('error', reject);
      stream.on('data', (chunk) => {
        received.push(chunk);
        length += chunk.length;
        if (length === expected.length) resolve();
      });
    });

    for (const chunk of chunks) {
      if (!stream.write(chunk)) await once(stream, 'drain');
    }
    await all;

    assert.ok(Buffer.concat(received).equals(expected));
    assert.equal(opened.clients.length, 1);
    assert.equal(opened.servers.length, 1);
  });

  it('ends with the other side', async (t) => {
    const server = http.createServer();
    const wss = websocketStream.createServer({ server }, (stream) => {
      Readable.from([Buffer.from('all '), Buffer.from('of it')]).pipe(stream);
    });
    t.after(() => wss.close());

    const port = await listen(t, server);
    let text = '';
    await pipeline(
      websocketStream(`ws://127.0.0.1:${port}`),
      async (source) => {
        for await (const chunk of source) text += chunk;
      }
    ).catch((error) => {
      // Its duplexify ends before its writable half does.
      assert.equal(error.code, 'ERR_STREAM_PREMATURE_CLOSE');
    });
    assert.equal(text, 'all of it');
  });
});
