'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { after, before, describe, it } = require('node:test');
const WebSocket = require('ws');

const { startExample } = require('./support');

const CAMERA = '{"type":"camera","camera":"video/webm;codecs=vp8"}';

// What no browser would send: the page is tested in relay.test.js.
describe('examples/relay/server.js and hostile clients', () => {
  let relay;

  before(async () => {
    relay = await startExample('relay/server.js');
  });

  after(() => relay?.stop());

  /** Connects; `next(type)` resolves with the next message of that type, or Buffer. */
  async function connect(name, options) {
    const ws = new WebSocket(
      `ws://localhost:${relay.port}/relay?name=${name}`,
      options
    );
    const received = [];
    let wake = () => {};

    ws.on('message', (data, isBinary) => {
      received.push(isBinary ? { type: 'picture', data } : JSON.parse(data));
      wake();
    });
    await once(ws, 'open');

    const next = async (type) => {
      for (;;) {
        const index = received.findIndex((message) => message.type === type);
        if (index !== -1) return received.splice(index, 1)[0];
        await new Promise((resolve) => (wake = resolve));
      }
    };

    return { ws, next, id: (await next('welcome')).id };
  }

  async function statusOf(target, method = 'GET') {
    const socket = net.connect(relay.port, 'localhost');
    let response = '';

    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      response += text;
    });
    socket.write(
      `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    );
    await once(socket, 'close');

    return Number(response.split(' ')[1]);
  }

  it('serves the files of public/', async () => {
    for (const target of ['/', '/app.js', '/style.css?v=1', '/favicon.svg']) {
      assert.equal(await statusOf(target), 200, target);
    }
    assert.equal(await statusOf('/', 'HEAD'), 200);
    assert.equal(await statusOf('/', 'POST'), 405);
  });

  it('serves nothing outside of public/', async () => {
    const targets = [
      '/../server.js',
      '/..%2fserver.js',
      '/%2e%2e/server.js',
      '/..%5cserver.js'
    ];

    for (const target of [
      ...targets,
      '//etc/passwd',
      '/.',
      '/%00',
      '/%',
      '/index.html/',
      '/x.js'
    ]) {
      assert.equal(await statusOf(target), 404, target);
    }
  });

  it('refuses pages of another origin', async () => {
    for (const origin of [
      'http://example.com',
      'null',
      `http://localhost:${relay.port + 1}`
    ]) {
      await assert.rejects(
        connect('Eve', { origin }),
        /Unexpected server response: 403/
      );
    }
  });

  it('closes with 1008 on what is no message of the relay', async () => {
    const messages = [
      'x',
      'null',
      '[]',
      '{}',
      '{"type":"__proto__"}',
      '{"type":"chat"}',
      '{"type":"chat","text":{"length":1}}',
      '{"type":"name","name":"\u202e\u200b "}',
      '{"type":"camera","camera":"video/x"}',
      '{"type":"refresh","id":"1"}',
      '['.repeat(4096),
      Buffer.alloc(0),
      Buffer.alloc(8),
      Buffer.alloc(100)
    ];

    for (const message of messages) {
      const { ws } = await connect('Eve');
      ws.send(message);
      const [code] = await once(ws, 'close');
      assert.equal(code, 1008, String(message).slice(0, 40));
    }
  });

  it('closes with 1009 on a picture beyond maxPayload', async () => {
    const { ws } = await connect('Eve');

    ws.send(Buffer.alloc(1024 * 1024 + 1));
    assert.equal((await once(ws, 'close'))[0], 1009);
  });

  it('closes with 1008 on too many messages', async () => {
    const { ws } = await connect('Eve');

    for (let i = 0; i < 100; i++) ws.send('{"type":"chat","text":"x"}');
    assert.equal((await once(ws, 'close'))[0], 1008);
  });

  it('writes the id of the sender into each picture itself', async () => {
    const ada = await connect('Ada');
    const ben = await connect('Ben');
    const picture = Buffer.from([
      0x01, 0x01, 0, 0, 0, 0, 0, 0, 0x1a, 0x45, 0xdf, 0xa3
    ]);

    ben.ws.send(CAMERA);
    ben.ws.send(picture);

    const { data } = await ada.next('picture');
    const expected = Buffer.from(picture);

    expected.writeUInt32BE(ben.id, 4);
    assert.deepEqual(data, expected);

    // A picture that claims to be Ada's.
    picture.writeUInt32BE(ada.id, 4);
    ben.ws.send(picture);
    assert.equal((await once(ben.ws, 'close'))[0], 1008);
    ada.ws.close();
    await once(ada.ws, 'close');
  });

  it('gives nobody the name of another, nor one that looks like it', async () => {
    const ada = await connect('Ada');
    const eve = await connect(encodeURIComponent('\u202e\uff21da\u200b'));

    eve.ws.send('{"type":"chat","text":"It is me\\nAda: yes"}');

    const line = await ada.next('chat');

    assert.deepEqual(
      [line.id, line.name, line.text],
      [eve.id, '\uff21da (2)', 'It is me Ada: yes']
    );

    for (const { ws } of [ada, eve]) {
      ws.close();
      await once(ws, 'close');
    }
  });

  it('asks for a new recording when somebody joins', async () => {
    const ada = await connect('Ada');
    const start = Buffer.from([0x01, 0x01, 0, 0, 0, 0, 0, 0, 0x53]);
    const rest = Buffer.from([0x01, 0x00, 0, 0, 0, 0, 0, 0, 0x52]);

    ada.ws.send(CAMERA);
    ada.ws.send(start);

    const ben = await connect('Ben');

    ada.ws.send(rest);
    await ada.next('restart');
    ada.ws.send(start);
    ada.ws.send(rest);

    // The piece that could not be played has not been sent.
    assert.equal((await ben.next('picture')).data[8], 0x53);
    assert.equal((await ben.next('picture')).data[8], 0x52);

    for (const { ws } of [ada, ben]) {
      ws.close();
      await once(ws, 'close');
    }
  });

  it('tells clients why it goes when it is stopped, and ends by itself', async () => {
    const { ws } = await connect('Ada');
    const closed = once(ws, 'close');
    const { code, signal, stderr } = await relay.stop('SIGINT');
    const [wsCode, reason] = await closed;

    assert.deepEqual(
      { code, signal, stderr },
      { code: 0, signal: null, stderr: '' }
    );
    assert.deepEqual(
      [wsCode, String(reason)],
      [1001, 'The server is stopping']
    );
  });
});
