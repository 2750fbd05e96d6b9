'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { test } = require('node:test');
const vm = require('node:vm');

const ferrows = require('../..');
const { comparesStreams } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { open, serve } = require('../support/serve');

const ROOT = path.resolve(__dirname, '../..');

const OPTIONS = { transport: comparesStreams() ? 'stream' : 'auto' };

/** Loads Ferrows once more, the addon included, as a test runner without isolation does. */
function loadAgain() {
  const ours = Object.keys(require.cache).filter(
    (file) =>
      file.startsWith(`${ROOT}${path.sep}lib`) ||
      file === path.join(ROOT, 'index.js') ||
      // Under AddressSanitizer the addon is elsewhere.
      path.extname(file) === '.node'
  );
  const kept = ours.map((file) => [file, require.cache[file]]);

  assert.ok(ours.some((file) => file.endsWith('.node')));
  for (const file of ours) delete require.cache[file];
  try {
    return require('../..');
  } finally {
    for (const [file, module] of kept) require.cache[file] = module;
  }
}

/** Loads Ferrows in a context of its own, with that context's built-ins, as jest does. */
function loadInContext() {
  const context = vm.createContext({
    Blob,
    Buffer,
    URL,
    clearImmediate,
    clearTimeout,
    console,
    performance,
    process,
    queueMicrotask,
    setImmediate,
    setTimeout
  });
  const modules = new Map();

  const load = (file) => {
    if (path.extname(file) === '.node') return createRequire(file)(file);
    if (modules.has(file)) return modules.get(file).exports;

    const module = { exports: {} };
    modules.set(file, module);
    const resolve = createRequire(file).resolve;
    const wrapped = vm.runInContext(
      `(function (exports, require, module, __filename, __dirname) {${fs.readFileSync(file, 'utf8')}\n})`,
      context,
      { filename: file }
    );
    const requireHere = (request) => {
      const found = resolve(request);
      return path.isAbsolute(found) ? load(found) : require(found);
    };
    requireHere.resolve = resolve;
    wrapped.call(
      module.exports,
      module.exports,
      requireHere,
      module,
      file,
      path.dirname(file)
    );
    return module.exports;
  };

  return load(path.join(ROOT, 'index.js'));
}

/** Starts a server that marks its answers, and connects clients to it. */
async function echo(t, lib, mark, count = 10) {
  const { port, wss } = await serve(t, lib, OPTIONS);
  wss.on('connection', (ws) => {
    ws.on('message', (data, isBinary) => {
      if (isBinary) ws.send(data);
      else ws.send(`${mark} ${data}`);
    });
  });
  const clients = [];
  for (let i = 0; i < count; i++) clients.push(await open(t, port));
  return { clients, mark, wss };
}

/** Has all clients of all servers send at once, and checks whose answers they get. */
async function talk(servers, rounds = 10) {
  for (let round = 0; round < rounds; round++) {
    for (const { clients } of servers) {
      clients.forEach((client, i) => {
        client.send(frame(0x81, `${i} ${round}`));
        client.send(frame(0x82, Buffer.alloc(20_000, i)));
      });
    }
    for (const { clients, mark } of servers) {
      for (const [i, client] of clients.entries()) {
        const text = await client.readFrame();
        const bytes = await client.readFrame();
        assert.strictEqual(text.payload.toString(), `${mark} ${i} ${round}`);
        assert.deepStrictEqual(bytes.payload, Buffer.alloc(20_000, i));
      }
    }
  }
}

/** Ends all connections of a server, and waits for their `'close'`. */
async function shut({ clients, wss }) {
  const closed = [...wss.clients].map((ws) => once(ws, 'close'));
  for (const client of clients) client.socket.end();
  await Promise.all(closed);
  wss.close();
  await once(wss, 'close');
}

test('works twice on one thread, in two environments at once (one Endpoint per napi_env)', async (t) => {
  const again = loadAgain();
  assert.notStrictEqual(again.WebSocketServer, ferrows.WebSocketServer);

  const servers = [
    await echo(t, ferrows, 'first'),
    await echo(t, again, 'second')
  ];
  await talk(servers);

  // What the other environment does afterwards does not depend on this one.
  await shut(servers[1]);
  await talk([servers[0]]);
  servers[1] = await echo(t, again, 'second');
  await shut(servers[0]);
  await talk([servers[1]]);
});

test("sends to another environment's connections from a listener", async (t) => {
  const again = loadAgain();
  const first = await echo(t, ferrows, 'first', 5);
  const second = await echo(t, again, 'second', 5);

  for (const [from, to] of [
    [first, second],
    [second, first]
  ]) {
    for (const ws of from.wss.clients) {
      ws.removeAllListeners('message');
      ws.on('message', () => {
        for (const client of to.wss.clients) client.send(`from ${from.mark}`);
      });
    }
  }
  for (const { clients } of [first, second])
    clients[0].send(frame(0x81, 'hello'));

  for (const [server, from] of [
    [first, 'second'],
    [second, 'first']
  ]) {
    for (const client of server.clients) {
      assert.strictEqual(
        (await client.readFrame()).payload.toString(),
        `from ${from}`
      );
    }
  }
});

test('works in many environments on one thread', async (t) => {
  t.mock.method(process, 'emitWarning', () => {});
  const servers = [];
  for (let i = 0; i < 6; i++)
    servers.push(await echo(t, loadAgain(), `copy ${i}`, 3));
  await talk(servers, 3);
});

test("works in vm contexts with built-ins of their own, as jest's", async (t) => {
  const inside = loadInContext();
  const another = loadInContext();
  assert.notStrictEqual(inside.WebSocketServer, another.WebSocketServer);

  const servers = [
    await echo(t, ferrows, 'outside'),
    await echo(t, inside, 'inside'),
    await echo(t, another, 'another')
  ];
  await talk(servers, 5);
  await Promise.all(servers.map(shut));
});

test("takes this context's and another context's bytes in a vm context", async (t) => {
  const inside = loadInContext();
  const { port, wss } = await serve(t, inside, OPTIONS);
  const values = [
    new Uint8Array([1, 2, 3]),
    new Uint8Array([0, 4, 5, 0]).subarray(1, 3),
    vm.runInNewContext('new Uint8Array([6, 7])'),
    vm.runInNewContext('new DataView(new ArrayBuffer(2))'),
    Buffer.from([8])
  ];

  wss.on('connection', (ws) => {
    for (const value of values) ws.send(value);
  });
  const client = await open(t, port);
  const received = [];
  for (let i = 0; i < values.length; i++) {
    received.push((await client.readFrame()).payload.toString('hex'));
  }

  assert.deepStrictEqual(received, ['010203', '0405', '0607', '0000', '08']);
});
