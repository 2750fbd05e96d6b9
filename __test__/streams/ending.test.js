'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { suite, test } = require('node:test');
const { Worker } = require('node:worker_threads');

const { Child } = require('../support/child');

suite('A process with open streams', () => {
  for (const library of ['ws', 'ferrows']) {
    test(`exits by itself when nothing but a pair in memory is open: ${library}`, async (t) => {
      const child = new Child(t, library, ({ lib, say }) => {
        const { Duplex } = require('stream');
        const near = new Duplex({
          read() {},
          write(chunk, encoding, callback) {
            say(chunk.toString('latin1').slice(0, 12));
            callback();
          }
        });
        const wss = new lib.WebSocketServer({ noServer: true });
        const headers = {
          upgrade: 'websocket',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          'sec-websocket-version': '13'
        };
        wss.handleUpgrade(
          { headers, method: 'GET', socket: near, url: '/' },
          near,
          Buffer.alloc(0),
          (ws) => ws.send('open')
        );
      });
      assert.strictEqual(await child.next(), 'HTTP/1.1 101');
      assert.strictEqual(await child.end(), 0);
    });

    for (const how of ['exit', 'throw']) {
      test(`writes what was sent before ${how}: ${library}`, async (t) => {
        const child = new Child(
          t,
          library,
          // Its source is sent: it cannot see `how`.
          how === 'exit'
            ? ({ lib, say }) => {
                const wss = new lib.WebSocketServer({
                  port: 0,
                  transport: 'stream'
                });
                wss.on('listening', () => say(wss.address().port));
                wss.on('connection', (ws) => {
                  ws.on('message', () => {
                    ws.send('last words');
                    ws.send('l'.repeat(20000));
                    process.exit(3);
                  });
                });
              }
            : ({ lib, say }) => {
                const wss = new lib.WebSocketServer({
                  port: 0,
                  transport: 'stream'
                });
                wss.on('listening', () => say(wss.address().port));
                wss.on('connection', (ws) => {
                  ws.on('message', () => {
                    ws.send('last words');
                    ws.send('l'.repeat(20000));
                    throw new Error('thrown');
                  });
                });
              }
        );
        const { frame } = require('../support/raw-client');
        const { open } = require('../support/serve');
        const client = await open(t, await child.next());
        client.send(frame(0x81, 'go'));
        const bytes = await client.readToEnd();
        assert.strictEqual(
          bytes.subarray(0, 12).toString('hex'),
          '810a6c61737420776f726473'
        );
        assert.strictEqual(bytes.length, 12 + 4 + 20_000);
        assert.strictEqual(await child.end(), how === 'exit' ? 3 : 1);
      });
    }
  }
});

suite('A worker with open streams', () => {
  for (const how of ['terminate', 'exit', 'throw']) {
    test(`ends by ${how}, and the process lives`, async (t) => {
      const worker = new Worker(
        `const { parentPort, workerData } = require('worker_threads');
         const lib = require(workerData);
         const wss = new lib.WebSocketServer({ port: 0, transport: 'stream' });
         wss.on('connection', (ws) => {
           ws.on('message', (data) => {
             ws.send('s'.repeat(100000));
             if (String(data) === 'exit') process.exit();
             if (String(data) === 'throw') throw new Error('thrown');
             parentPort.postMessage('got it');
           });
         });
         wss.on('listening', () => parentPort.postMessage(wss.address().port));`,
        { eval: true, workerData: require.resolve('../..') }
      );
      t.after(() => worker.terminate());
      const errors = [];
      worker.on('error', ({ message }) => errors.push(message));
      const [port] = await once(worker, 'message');
      const { frame } = require('../support/raw-client');
      const { open } = require('../support/serve');
      const client = await open(t, port);
      const exited = new Promise((resolve) => worker.on('exit', resolve));
      client.send(frame(0x81, how));
      if (how === 'terminate') {
        await once(worker, 'message');
        await worker.terminate();
      }
      await exited;
      await client.readToEnd();
      assert.deepStrictEqual(errors, how === 'throw' ? ['thrown'] : []);
    });
  }
});
