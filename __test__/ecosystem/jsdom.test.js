'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, it } = require('node:test');

const { JSDOM } = require('jsdom');

const { assertUsesFerrows, queue, watch, WebSocket } = require('./support');

/** A server that echoes; it ends with the test. */
async function start(t) {
  const requests = queue();
  const wss = new WebSocket.Server({
    handleProtocols: (protocols) => [...protocols].at(-1),
    host: '127.0.0.1',
    port: 0
  });
  t.after(() => wss.close());
  await once(wss, 'listening');

  wss.on('connection', (ws, req) => {
    requests.push(req);
    ws.on('message', (data, binary) => ws.send(data, { binary }));
  });
  return { requests, url: `ws://127.0.0.1:${wss.address().port}/` };
}

// From version 27 on, jsdom's WebSocket is undici's.
describe("jsdom 26, the page's WebSocket", () => {
  it('talks with a page, which gets the events of a browser', async (t) => {
    assertUsesFerrows('jsdom');

    const opened = watch(t);
    const { requests, url } = await start(t);
    const { window } = new JSDOM('', {
      runScripts: 'outside-only',
      url: 'http://page.example/'
    });
    t.after(() => window.close());

    const told = queue();
    window.tell = told.push;
    window.address = url;
    window.eval(`
      const ws = new WebSocket(address, ['one', 'two']);
      tell(ws.readyState);
      ws.onopen = () => {
        tell(ws.protocol);
        ws.send('text');
      };
      ws.onmessage = ({ data, origin }) => {
        if (typeof data === 'string') {
          tell(data);
          tell(origin);
          ws.binaryType = 'arraybuffer';
          ws.send(new Uint8Array([1, 2, 3]));
        } else {
          tell(data instanceof ArrayBuffer && [...new Uint8Array(data)].join());
          ws.close(4003, 'bye');
        }
      };
      ws.onclose = ({ code, reason, wasClean }) => {
        tell([code, reason, wasClean].join());
      };
    `);

    assert.equal(await told.next(), 0);
    assert.equal(await told.next(), 'two');
    assert.equal(await told.next(), 'text');
    assert.equal(await told.next(), new URL(url).origin);
    assert.equal(await told.next(), '1,2,3');
    assert.equal(await told.next(), '4003,bye,true');

    const { headers } = await requests.next();
    assert.equal(headers.origin, 'http://page.example');
    assert.match(headers['user-agent'], /jsdom/);
    assert.equal(opened.clients.length, 1);
  });

  it('closes its sockets with the window', async (t) => {
    const opened = watch(t);
    const { url } = await start(t);
    const { window } = new JSDOM('', { url: 'http://page.example/' });
    const ws = new window.WebSocket(url);

    await new Promise((resolve) => (ws.onopen = resolve));
    const closed = once(opened.servers[0], 'close');
    window.close();
    assert.equal((await closed)[0], 1001);
  });

  it('tells a page of a failed handshake by error and close', async (t) => {
    const { window } = new JSDOM('', { url: 'http://page.example/' });
    t.after(() => window.close());

    const told = queue();
    // The discard port of this machine.
    const ws = new window.WebSocket('ws://127.0.0.1:9/');
    ws.onerror = ({ type }) => told.push(type);
    ws.onclose = ({ code, wasClean }) => told.push([code, wasClean]);

    assert.equal(await told.next(), 'error');
    assert.deepEqual(await told.next(), [1006, false]);
  });
});
