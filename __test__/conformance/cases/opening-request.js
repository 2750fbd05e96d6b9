'use strict';

// RFC 6455 §4.1: the request of a client.

const net = require('node:net');

const { header } = require('../../support/raw-server');
const { CLIENT, named } = require('../vocabulary');
const secure = require('./opening-secure');

/** Connects to nothing, as far as a server can see. */
const NOTHING = 'nothing arrives';

/**
 * A case about the head of the request that a client sends.
 *
 * @param {String} at The section
 * @param {String} requires The requirement
 * @param {(RegExp|Function)} test What the head is to match
 * @param {Object} [how] `{ options, path, protocols }`
 */
function asks(at, requires, test, how = {}) {
  return {
    at,
    roles: CLIENT,
    requires,
    run: async (subject) => {
      const raw = await subject.raw();
      const { options, path = '/', protocols } = how;
      const address = `ws://127.0.0.1:${raw.port}${path}`;
      const ws = await subject.dial({ address, options, protocols });
      const { request } = await raw.request();
      ws.terminate();
      const right =
        test instanceof RegExp ? test.test(request) : test(request, raw.port);
      return right ? 'as required' : request;
    },
    sees: 'as required'
  };
}

/** A case about arguments with which a client may not even connect. */
function refuses(at, requires, address, protocols, options) {
  return {
    at,
    roles: CLIENT,
    requires,
    run: async (subject) => {
      const { connections, port } = await subject.raw();
      const before = connections.length;
      try {
        await subject.dial({
          address: address.replace('PORT', port),
          options,
          protocols
        });
      } catch (error) {
        if (error instanceof SyntaxError || error instanceof RangeError) {
          return connections.length === before ? NOTHING : 'a connection';
        }
      }
      return 'it connects';
    },
    sees: NOTHING
  };
}

/** How many keys there are in ten requests. */
async function keys(subject) {
  const raw = await subject.raw();
  const found = new Set();
  for (let i = 0; i < 10; i++) {
    const ws = await subject.dial();
    const { request } = await raw.request();
    found.add(/^Sec-WebSocket-Key: (.*)\r$/im.exec(request)[1]);
    ws.terminate();
  }
  return `${found.size} keys`;
}

/** Two clients of one process, to one server that answers neither yet. */
async function twoAtOnce(subject) {
  const raw = await subject.raw();
  const clients = [await subject.dial(), await subject.dial()];
  await raw.request();
  let timer;
  const second = await Promise.race([
    raw.request().then(() => 'it does not wait'),
    new Promise((resolve) => {
      timer = setTimeout(resolve, 20_000, 'it waits');
    })
  ]);
  clearTimeout(timer);
  for (const ws of clients) ws.terminate();
  return second;
}

/** A port where nobody listens. */
async function nobodyThere(subject) {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));

  const ws = await subject.dial({ address: `ws://127.0.0.1:${port}/` });
  const events = [];
  ws.on('error', () => events.push('error'));
  ws.on('open', () => events.push('open'));
  await new Promise((resolve) => ws.on('close', resolve));
  return [...events, 'close'].join();
}

const HEADERS = { Origin: 'http://localhost', 'X-Name': 'value' };

module.exports = [
  refuses(
    '4.1',
    'an address with a fragment identifier is not connected to',
    'ws://127.0.0.1:PORT/#fragment'
  ),
  refuses(
    '4.1',
    'an address of another scheme is not connected to',
    'ftp://127.0.0.1:PORT/'
  ),
  refuses('4.1', 'an address that is none is not connected to', '//:PORT/'),
  {
    at: '4.1',
    roles: CLIENT,
    requires:
      'a second connection to the same host waits for the first one to be open',
    run: twoAtOnce,
    sees: 'it waits',
    tolerates: {
      sees: 'it does not wait',
      because:
        'the rule protects servers from scripts in pages; programs of Node.js, proxies and load tests dial many at a time'
    }
  },
  {
    at: '4.1',
    roles: CLIENT,
    requires: 'a connection that cannot be opened fails',
    run: nobodyThere,
    sees: 'error,close'
  },
  ...secure,
  asks('4.1', 'the request is valid HTTP', (request) =>
    /^GET \S+ HTTP\/1\.1\r\n([!-9;-~]+: [ -~]*\r\n)+\r\n$/.test(request)
  ),
  asks('4.1', 'its method is GET, its version 1.1', /^GET \S+ HTTP\/1\.1\r\n/),
  asks(
    '4.1',
    'its target is the path of the address, with the query',
    /^GET \/a%20b\/c\?d=e&f HTTP/,
    { path: '/a b/c?d=e&f' }
  ),
  asks('4.1', 'its target is "/" if the address has no path', /^GET \/ HTTP/, {
    path: ''
  }),
  asks('4.1', 'it has a Host with the port', (request, port) =>
    request.includes(`\r\nHost: 127.0.0.1:${port}\r\n`)
  ),
  asks('4.1', 'it has Upgrade: websocket', /^Upgrade: websocket\r$/im),
  asks('4.1', 'it has Connection: Upgrade', /^Connection: Upgrade\r$/im),
  asks(
    '4.1',
    'it has one Sec-WebSocket-Key, of 16 bytes in base64',
    (request) => {
      const found = [...request.matchAll(/^Sec-WebSocket-Key: (.*)\r$/gim)];
      const bytes = Buffer.from(found[0][1], 'base64');
      return (
        found.length === 1 &&
        bytes.length === 16 &&
        bytes.toString('base64') === found[0][1]
      );
    }
  ),
  {
    at: '4.1',
    roles: CLIENT,
    requires: 'the key is another one for each connection',
    run: keys,
    sees: '10 keys'
  },
  asks(
    '4.1',
    'it has Sec-WebSocket-Version: 13',
    /^Sec-WebSocket-Version: 13\r$/im
  ),
  {
    at: '4.1',
    roles: CLIENT,
    requires: 'the version is 13, whatever the option `protocolVersion`',
    run: async (subject) => {
      const raw = await subject.raw();
      const ws = await subject.dial({ options: { protocolVersion: 8 } });
      const { request } = await raw.request();
      ws.terminate();
      return `version ${header(request, 'Sec-WebSocket-Version')}`;
    },
    sees: 'version 13',
    tolerates: {
      sees: 'version 8',
      because:
        'the option, which is one of ws, is there to ask for that draft; the default is 13'
    }
  },
  asks(
    '4.1',
    'without subprotocols it has no Sec-WebSocket-Protocol',
    (request) => !/^Sec-WebSocket-Protocol:/im.test(request)
  ),
  asks(
    '4.1',
    'subprotocols are listed in the order of preference',
    /^Sec-WebSocket-Protocol: b, ?a, ?c\r$/im,
    { protocols: ['b', 'a', 'c'] }
  ),
  refuses('4.1', 'a subprotocol is not empty', 'ws://127.0.0.1:PORT/', ['']),
  ...['a b', 'a,b', 'a"', 'a(b)', 'é', 'a\x7f', 'a/b', 'a@b', '{a}'].map(
    (name) =>
      refuses(
        '4.1',
        `a subprotocol has no separators, controls or letters beyond ASCII: ${named(name)}`,
        'ws://127.0.0.1:PORT/',
        [name]
      )
  ),
  refuses('4.1', 'subprotocols are unique', 'ws://127.0.0.1:PORT/', ['a', 'a']),
  asks(
    '4.1',
    'header fields of the application do not replace those of the handshake',
    (request) =>
      /^X-Name: value\r$/m.test(request) &&
      /^Sec-WebSocket-Version: 13\r$/im.test(request) &&
      /^Upgrade: websocket\r$/im.test(request),
    { options: { headers: { ...HEADERS, Upgrade: 'other' } } }
  ),
  asks(
    '4.1',
    'nothing but the request is sent',
    (request) => request.endsWith('\r\n\r\n') && !/^Content-/im.test(request)
  ),
  {
    at: '4.1',
    roles: CLIENT,
    requires: 'no data is sent before the response has come',
    dialled: (ws) => {
      try {
        ws.send('early');
      } catch {
        // It says so by throwing.
      }
    },
    app: (ws) => ws.send('late'),
    sees: 'text 6c617465, open'
  }
];
