'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, it } = require('node:test');

const webpack = require('webpack');
const WebpackDevServer = require('webpack-dev-server');

const {
  assertUsesFerrows,
  open,
  until,
  watch,
  WebSocket
} = require('./support');

describe('webpack-dev-server', () => {
  it('tells clients of each build', async (t) => {
    assertUsesFerrows('webpack-dev-server');

    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-webpack-'));
    t.after(() => fs.rmSync(root, { force: true, recursive: true }));
    const entry = path.join(root, 'main.js');
    fs.writeFileSync(entry, 'console.log(1);\n');

    const opened = watch(t);
    const compiler = webpack({
      context: root,
      devtool: false,
      entry,
      infrastructureLogging: { level: 'none' },
      mode: 'development',
      output: { path: path.join(root, 'dist') },
      stats: 'none'
    });
    const server = new WebpackDevServer(
      { host: '127.0.0.1', hot: true, port: 'auto', static: false },
      compiler
    );
    await server.start();
    t.after(() => server.stop());

    const { port } = server.server.address();
    const ws = await open(t, `ws://127.0.0.1:${port}/ws`, [], {
      origin: `http://127.0.0.1:${port}`
    });
    assert.equal(opened.servers.length, 1);
    assert.ok(
      server.webSocketServer.implementation instanceof WebSocket.Server
    );

    /** The next message of a type; builds say how far they are in between. */
    const next = async (wanted) => {
      for (;;) {
        const { type, data } = JSON.parse(await ws.next());
        if (type === wanted) return data;
      }
    };

    const first = await next('hash');
    await next('ok');

    fs.writeFileSync(entry, 'console.log(2);\n');
    await next('invalid');
    assert.notEqual(await next('hash'), first);
    await next('ok');

    server.sendMessage([...server.webSocketServer.clients], 'custom', 'all');
    assert.equal(await next('custom'), 'all');

    ws.close();
    await until(() => server.webSocketServer.clients.length === 0);
  });
});
