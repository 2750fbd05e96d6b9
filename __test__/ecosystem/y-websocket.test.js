'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { describe, it } = require('node:test');

const { docs, setupWSConnection } = require('@y/websocket-server/utils');
const { WebsocketProvider } = require('y-websocket');
const Y = require('yjs');

const {
  assertUsesFerrows,
  listen,
  until,
  watch,
  WebSocket
} = require('./support');

/** The server of @y/websocket-server, without its listening on a fixed port. */
async function start(t) {
  const server = http.createServer();
  const wss = new WebSocket.Server({ server });

  wss.on('connection', setupWSConnection);
  // It keeps them, and their timers.
  t.after(() => docs.forEach((doc) => doc.destroy()));
  return listen(t, server);
}

/** A document with its provider, which is synchronised; it ends with the test. */
async function join(t, port, room) {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, room, doc, {
    // Tabs of one browser, and here this process, would not need the server.
    disableBc: true,
    maxBackoffTime: 20,
    WebSocketPolyfill: WebSocket
  });

  t.after(() => {
    provider.destroy();
    doc.destroy();
  });
  await until(() => provider.synced);
  return { doc, provider, text: doc.getText('text') };
}

describe('y-websocket, with @y/websocket-server', () => {
  it('merges the edits of several writers', async (t) => {
    assertUsesFerrows('@y/websocket-server');

    const opened = watch(t);
    const port = await start(t);
    const writers = [];
    for (let i = 0; i < 3; i++) writers.push(await join(t, port, 'merge'));

    assert.equal(opened.clients.length, 3);
    assert.equal(opened.servers.length, 3);

    for (const [index, { text }] of writers.entries()) {
      for (let i = 0; i < 50; i++) text.insert(0, `${index}`);
    }

    await until(() => writers.every(({ text }) => text.length === 150));
    const [first] = writers;
    for (const { text } of writers) {
      assert.equal(text.toString(), first.text.toString());
    }

    first.text.delete(0, 150);
    await until(() => writers.every(({ text }) => text.length === 0));
  });

  it('gives a large document to who comes later', async (t) => {
    const port = await start(t);
    const { doc, text } = await join(t, port, 'later');
    const content = 'ferrows '.repeat(50_000);

    text.insert(0, content);
    doc.getMap('map').set('bytes', new Uint8Array([1, 2, 3]));

    const late = await join(t, port, 'later');
    await until(() => late.text.length === content.length);
    await until(() => late.doc.getMap('map').has('bytes'));
    assert.equal(late.text.toString(), content);
    assert.deepEqual([...late.doc.getMap('map').get('bytes')], [1, 2, 3]);
  });

  it('tells of who is there and who has left', async (t) => {
    const port = await start(t);
    const ann = await join(t, port, 'aware');
    const bob = await join(t, port, 'aware');
    const states = ann.provider.awareness.getStates();

    bob.provider.awareness.setLocalStateField('name', 'bob');
    await until(() => states.get(bob.doc.clientID)?.name === 'bob');

    bob.provider.disconnect();
    await until(() => !states.has(bob.doc.clientID));
  });

  it('reconnects after a cut and exchanges what was missed', async (t) => {
    const opened = watch(t);
    const port = await start(t);
    const ann = await join(t, port, 'cut');
    const bob = await join(t, port, 'cut');

    const closed = once(opened.clients[0], 'close');
    opened.servers[0].terminate();
    await closed;

    ann.text.insert(0, 'ann');
    bob.text.insert(0, 'bob');
    await until(() => ann.text.length === 6 && bob.text.length === 6);
    assert.equal(ann.text.toString(), bob.text.toString());
    assert.equal(opened.servers.length, 3);
  });
});
