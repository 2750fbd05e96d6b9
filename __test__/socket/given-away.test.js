'use strict';

// What an attack found: the socket of a connection is handed to other code of Node.js.

const assert = require('node:assert');
const { test } = require('node:test');

const { Child } = require('../support/child');

for (const keepOpen of [false, true]) {
  test(`a socket that was taken over cannot be sent to another process, which is an error: keepOpen ${keepOpen} (bug: the process crashed)`, async (t) => {
    const body = ({ lib, say }) => {
      const { fork } = require('child_process');
      const { writeFileSync, mkdtempSync, rmSync } = require('fs');
      const path = require('path');
      const directory = mkdtempSync(
        path.join(require('os').tmpdir(), 'given-')
      );
      const file = path.join(directory, 'other.js');

      writeFileSync(file, "process.on('message', () => {});");
      const other = fork(file);
      other.on('exit', () => {
        rmSync(directory, { recursive: true });
        say('ended');
      });

      const wss = new lib.WebSocketServer({ host: '127.0.0.1', port: 0 });
      wss.on('connection', (ws) => {
        const options = { keepOpen: JSON.parse('KEEP_OPEN') };
        ws.on('close', () => say('close'));
        other.send('socket', ws._socket, options, (error) => {
          say(error.code);
          ws.terminate();
          wss.close();
          other.disconnect();
        });
      });
      wss.on(
        'listening',
        () => new lib(`ws://127.0.0.1:${wss.address().port}`)
      );
    };
    const source = String(body).replace('KEEP_OPEN', String(keepOpen));
    const child = new Child(t, 'ferrows', { toString: () => source });
    const said = [await child.next(), await child.next(), await child.next()];

    assert.deepStrictEqual(said.sort(), ['EINVAL', 'close', 'ended']);
    assert.strictEqual(await child.end(), 0);
  });
}
