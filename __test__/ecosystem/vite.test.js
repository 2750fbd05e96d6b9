'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const { register, registerHooks } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { describe, it } = require('node:test');

const { open, queue, watch, WebSocket } = require('./support');

/** How vite names the server of the ws that it bundles. */
const BUNDLED = ': import_websocket_server.default;';
const KEY = 'ferrows.ecosystem.server';

/**
 * vite bundles ws, so npm cannot replace it: where vite's source takes its `WebSocketServer`, it
 * is given that of Ferrows while it is loaded.
 */
function redirect() {
  const replacement = `: globalThis[${JSON.stringify(KEY)}];`;
  globalThis[KEY] = WebSocket.Server;

  if (registerHooks) {
    registerHooks({
      load(url, context, next) {
        const result = next(url, context);
        if (!url.includes('/vite/dist/')) return result;
        const source = String(result.source).replace(BUNDLED, replacement);
        return { ...result, source };
      }
    });
  } else {
    const hook = `export async function load(url, context, next) {
      const result = await next(url, context);
      if (!url.includes('/vite/dist/')) return result;
      const source = String(result.source)
        .replace(${JSON.stringify(BUNDLED)}, ${JSON.stringify(replacement)});
      return { ...result, source };
    }`;
    register(`data:text/javascript,${encodeURIComponent(hook)}`);
  }
}

/** A project of two modules; it is removed with the test. */
function makeProject(t) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrows-vite-'));
  t.after(() => fs.rmSync(root, { force: true, recursive: true }));

  fs.writeFileSync(path.join(root, 'index.html'), '<script src="main.js">');
  fs.writeFileSync(
    path.join(root, 'main.js'),
    "import { value } from './value.js';\nimport.meta.hot.accept('./value.js');\n"
  );
  fs.writeFileSync(path.join(root, 'value.js'), 'export const value = 1;\n');
  return root;
}

describe("vite's dev server, its bundled ws replaced", () => {
  it('tells clients of an updated module, and of what plugins send', async (t) => {
    redirect();

    const opened = watch(t);
    const { createServer } = await import('vite');
    const root = makeProject(t);
    const said = queue();
    const server = await createServer({
      appType: 'custom',
      configFile: false,
      logLevel: 'silent',
      optimizeDeps: { noDiscovery: true },
      root,
      server: { host: '127.0.0.1', port: 0, watch: { interval: 50 } }
    });
    t.after(() => server.close());
    server.ws.on('test:ask', (data, client) => {
      said.push(data);
      client.send('test:answer', { to: data });
    });
    await server.listen();

    // The page's modules become known when they are asked for.
    const { port } = server.httpServer.address();
    const base = `http://127.0.0.1:${port}`;
    assert.match(await (await fetch(`${base}/main.js`)).text(), /value\.js/);
    await (await fetch(`${base}/value.js`)).text();

    // What /@vite/client does.
    const token = server.config.webSocketToken;
    const address = `ws://127.0.0.1:${port}/?token=${token}`;
    const ws = await open(t, address, 'vite-hmr');
    assert.equal(opened.servers.length, 1);
    assert.deepEqual(JSON.parse(await ws.next()), { type: 'connected' });

    ws.send(
      JSON.stringify({ type: 'custom', event: 'test:ask', data: 'question' })
    );
    assert.equal(await said.next(), 'question');
    assert.deepEqual(JSON.parse(await ws.next()), {
      type: 'custom',
      event: 'test:answer',
      data: { to: 'question' }
    });

    fs.writeFileSync(path.join(root, 'value.js'), 'export const value = 2;\n');
    const { type, updates } = JSON.parse(await ws.next());
    assert.equal(type, 'update');
    assert.equal(updates[0].acceptedPath, '/value.js');
    assert.equal(updates[0].path, '/main.js');

    const ping = new WebSocket(address, 'vite-ping');
    assert.equal((await once(ping, 'close'))[0], 1000);

    const closed = once(ws, 'close');
    await server.close();
    await closed;
  });
});
