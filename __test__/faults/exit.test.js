'use strict';

// process.exit() where it is not expected; what was sent before is looked at by runtime/last-words.

const assert = require('node:assert');
const { suite } = require('node:test');

const { Child } = require('../support/child');
const { contract } = require('../support/contract');

const CALLBACKS = ['callback of send()', 'callback of ping()'];

/** What is called in each role, and a function that runs in a process of its own, and ends in there. */
const ROLES = {
  server: [
    exitingServer,
    [
      ...['listening', 'headers', 'wsClientError', 'connection'],
      ...['message', 'ping', 'pong', 'error', 'close', ...CALLBACKS],
      ...['verifyClient', 'verifyClient with a callback', 'handleProtocols'],
      ...['close of the server', 'callback of close()']
    ]
  ],
  client: [
    exitingClient,
    [
      ...['upgrade', 'open', 'unexpected-response', 'redirect'],
      ...['message', 'ping', 'pong', 'error', 'close', ...CALLBACKS]
    ]
  ]
};

for (const [role, [program, places]] of Object.entries(ROLES)) {
  suite(`process.exit() in what a ${role} calls`, { concurrency: 4 }, () => {
    for (const place of places) {
      contract(
        `${place}: the process ends with its code, among busy connections`,
        async ({ log, name, t }) => {
          const body = `(given) =>
            (${program})({ ...given, place: ${JSON.stringify(place)} })`;
          const child = new Child(t, name, body);
          log(await child.end(), child.stderr);
        },
        (log) => assert.deepStrictEqual(log, [[7, '']])
      );
    }
  });
}

/** A process whose server talks with clients, until the server calls what ends it. */
function exitingServer({ lib, place, support }) {
  const { RawClient, frame } = support('raw-client');
  const exit = () => process.exit(7);
  const isLast = (req) => req.url === '/last';
  const options = { port: 0 };

  if (place === 'verifyClient') {
    options.verifyClient = ({ req }) => !isLast(req) || exit();
  }
  if (place === 'verifyClient with a callback') {
    options.verifyClient = ({ req }, done) =>
      isLast(req) ? exit() : done(true);
  }
  if (place === 'handleProtocols') {
    options.handleProtocols = (protocols, req) => isLast(req) && exit();
  }

  const wss = new lib.WebSocketServer(options);
  if (place === 'listening') wss.on('listening', exit);
  if (place === 'wsClientError') wss.on('wsClientError', exit);
  if (place === 'headers') {
    wss.on('headers', (headers, req) => isLast(req) && exit());
  }

  wss.on('connection', (ws, req) => {
    ws.on('message', (data) => ws.send(data));
    ws.on('error', () => {});
    if (!isLast(req)) return;
    if (place === 'connection') exit();
    if (/^[a-z]+$/.test(place)) ws.on(place, exit);
    if (place === 'callback of send()') ws.send('x', exit);
    if (place === 'callback of ping()') ws.ping('x', undefined, exit);
    if (place === 'close of the server') wss.on('close', exit);
    if (place === 'callback of close()') wss.close(exit);
    else if (place === 'close of the server') wss.close();
    else return;
    for (const client of wss.clients) client.terminate();
  });

  wss.on('listening', async () => {
    const { port } = wss.address();
    const bytes = [0x81, 0x89, 0x8a].map((first) => frame(first, 'hello'));

    for (let i = 0; i < 10; i++) {
      const version = place === 'wsClientError' && i === 9 ? '1' : '13';
      const client = await RawClient.open(port, {
        headers: {
          'Sec-WebSocket-Protocol': 'p',
          'Sec-WebSocket-Version': version
        },
        path: i === 9 ? '/last' : '/'
      });
      const timer = setInterval(() => {
        client.send(Buffer.concat(bytes));
        if (i === 9 && place === 'error') client.send('820161');
        if (i === 9 && place === 'close') client.reset();
      }, 1);
      client.socket.on('close', () => clearInterval(timer));
    }
  });
}

/** A process whose clients talk with a server, until the last of them calls what ends it. */
function exitingClient({ lib, place, support }) {
  const http = require('node:http');
  const { acceptKey } = support('raw-server');
  const { frame } = support('raw-client');
  const exit = () => process.exit(7);
  const server = http.createServer();
  // A text, a ping and a pong, without a mask.
  const bytes = Buffer.from(
    '8105 68656c6c6f 8900 8a00'.replaceAll(' ', ''),
    'hex'
  );

  const REFUSALS = {
    '/redirect': 'HTTP/1.1 302 Found\r\nLocation: /other',
    '/unexpected-response': 'HTTP/1.1 404 Not Found'
  };

  server.on('upgrade', (req, socket) => {
    socket.on('error', () => {});
    if (REFUSALS[req.url]) {
      return socket.end(`${REFUSALS[req.url]}\r\nConnection: close\r\n\r\n`);
    }
    const accept = acceptKey(req.headers['sec-websocket-key']);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
        `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
    );
    const timer = setInterval(() => {
      socket.write(bytes);
      // A frame with a mask is an error of the protocol.
      if (req.url === '/error') socket.write(frame(0x81, 'x'));
      if (req.url === '/close') socket.resetAndDestroy();
    }, 1);
    socket.on('close', () => clearInterval(timer));
    socket.resume();
  });

  server.listen(0, '127.0.0.1', async () => {
    for (let i = 0; i < 10; i++) {
      const path = i === 9 ? encodeURI(place) : '';
      const ws = new lib(`ws://127.0.0.1:${server.address().port}/${path}`, {
        followRedirects: true
      });

      ws.on('error', () => {});
      ws.on('message', (data) => ws.send(data));
      if (i === 9) {
        if (/^[a-z-]+$/.test(place)) ws.on(place, exit);
        if (place === 'callback of send()') {
          ws.on('open', () => ws.send('x', exit));
        }
        if (place === 'callback of ping()') {
          ws.on('open', () => ws.ping('x', undefined, exit));
        }
      }
      await new Promise((resolve) => ws.on('open', resolve));
    }
  });
}
