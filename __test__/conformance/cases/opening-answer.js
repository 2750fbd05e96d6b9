'use strict';

// RFC 6455 §4.2.2, §4.4, §9.1 and §11.3: how a server answers a request.

const { KEY } = require('../../support/raw-client');
const { open } = require('../../support/serve');
const { REFUSED, SERVER, named } = require('../vocabulary');

const OPEN = 'HTTP 101, open';

const VERSION = 'Sec-WebSocket-Version';
const PROTOCOL = 'Sec-WebSocket-Protocol';

/** A case about a request: what is left out of it and what is added. */
function asked(at, requires, request, sees, more) {
  return { at, roles: SERVER, requires, request, sees, ...more };
}

/** Replaces a header field. */
const replaced = (name, value) => ({
  without: [name],
  with: [`${name}: ${value}`]
});

const answering = [
  asked(
    '4.2.2',
    'the status line of the response has the code 101',
    {},
    'as required',
    { run: responds(/^HTTP\/1\.1 101 [^\r\n]*\r\n/) }
  ),
  asked('4.2.2', 'the response is valid HTTP', {}, 'as required', {
    run: responds(/^HTTP\/1\.1 101 [ -~]+\r\n([!-9;-~]+: [ -~]+\r\n)+\r\n$/)
  }),
  asked('4.2.2', 'the response has Upgrade: websocket', {}, 'as required', {
    run: responds(/^Upgrade: websocket\r$/im)
  }),
  asked('4.2.2', 'the response has Connection: Upgrade', {}, 'as required', {
    run: responds(/^Connection: Upgrade\r$/im)
  }),
  asked(
    '4.2.2',
    'the Sec-WebSocket-Accept is that of the key, there once',
    {},
    'HTTP 101, Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, open',
    { shows: ['Sec-WebSocket-Accept'] }
  ),
  asked(
    '4.2.2',
    'the key is taken as it is written, not decoded',
    replaced('Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAB=='),
    'HTTP 101, Sec-WebSocket-Accept: NRJrplgTSmBqvVaQhF+6peBS1S8=, open',
    { shows: ['Sec-WebSocket-Accept'] }
  ),
  asked(
    '4.2.2',
    'a connection that the application does not want gets an HTTP error',
    {},
    /^HTTP 4\d\d$/,
    { options: { verifyClient: () => false } }
  ),
  asked(
    '4.2.2',
    'a resource that is not there gets an HTTP error',
    { start: 'GET /elsewhere HTTP/1.1' },
    REFUSED,
    { options: { path: '/here' } }
  ),
  asked(
    '4.2.2',
    'a resource that is there is served, whatever its query',
    { start: 'GET /here?a=b HTTP/1.1' },
    OPEN,
    { options: { path: '/here' } }
  ),
  asked(
    '4.2.2',
    'a resource that is there is served, also if the target has the form of an address',
    { start: 'GET http://localhost/here HTTP/1.1' },
    OPEN,
    {
      options: { path: '/here' },
      tolerates: {
        sees: 'HTTP 400',
        because:
          'ws compares the option `path` with the target as it is written; only proxies are sent such a one'
      }
    }
  ),
  asked(
    '4.2.2',
    `without ${PROTOCOL} in the request there is none in the response`,
    {},
    `HTTP 101, no ${PROTOCOL}, open`,
    { shows: [PROTOCOL] }
  ),
  asked(
    '4.2.2',
    'one of the subprotocols of the request is chosen',
    { with: [`${PROTOCOL}: b, a`] },
    `HTTP 101, ${PROTOCOL}: b, open`,
    { shows: [PROTOCOL] }
  ),
  asked(
    '4.2.2',
    'a server that wants none of the subprotocols sends none',
    { with: [`${PROTOCOL}: b, a`] },
    `HTTP 101, no ${PROTOCOL}, open`,
    { options: { handleProtocols: () => false }, shows: [PROTOCOL] }
  ),
  asked(
    '4.2.2',
    'no subprotocol is sent that is not in the request, even if the application chooses one',
    { with: [`${PROTOCOL}: b, a`] },
    `HTTP 101, no ${PROTOCOL}, open`,
    {
      options: { handleProtocols: () => 'c' },
      shows: [PROTOCOL],
      tolerates: {
        sees: `HTTP 101, ${PROTOCOL}: c, open`,
        because: 'ws sends what `handleProtocols` returns; the choice is its'
      }
    }
  ),
  asked(
    '4.2.2',
    'an empty choice of the application sends no subprotocol',
    { with: [`${PROTOCOL}: b, a`] },
    `HTTP 101, no ${PROTOCOL}, open`,
    { options: { handleProtocols: () => '' }, shows: [PROTOCOL] }
  ),
  asked(
    '4.2.2',
    'no extension is sent that is not in the request',
    {},
    'HTTP 101, no Sec-WebSocket-Extensions, open',
    {
      options: { perMessageDeflate: true },
      shows: ['Sec-WebSocket-Extensions']
    }
  ),
  ...['x-other', 'x-other; a=1; b="2", x-webkit-deflate-frame'].map((value) =>
    asked(
      '4.2.2',
      `an extension that the server does not know is not sent: ${named(value)}`,
      { with: [`Sec-WebSocket-Extensions: ${value}`] },
      'HTTP 101, no Sec-WebSocket-Extensions, open',
      {
        options: { perMessageDeflate: true },
        shows: ['Sec-WebSocket-Extensions']
      }
    )
  ),
  ...['7', '14', 'x'].map((value) =>
    asked(
      value === '7' ? '4.2.2' : '4.4',
      `the answer to the version ${value} names the versions that are spoken`,
      replaced(VERSION, value),
      /^HTTP 4\d\d, Sec-WebSocket-Version: (13|13, 8)$/,
      { shows: [VERSION] }
    )
  )
];

/** Values of the field for extensions that its grammar does not allow. */
const MALFORMED = ['', ';', ',', 'a;', 'a; b=', 'a b', 'a; b="c', 'a; b="c d"'];

const extensions = MALFORMED.flatMap((value) => [
  asked(
    '9.1',
    `a malformed Sec-WebSocket-Extensions is refused: ${named(value)}`,
    { with: [`Sec-WebSocket-Extensions: ${value}`] },
    REFUSED,
    { options: { perMessageDeflate: true } }
  )
]).concat(
  asked(
    '9.1',
    'a malformed Sec-WebSocket-Extensions is refused where the server has no extension',
    { with: ['Sec-WebSocket-Extensions: ;'] },
    REFUSED,
    {
      tolerates: {
        sees: OPEN,
        because: 'ws does not read the field if it cannot use what is in it'
      }
    }
  ),
  asked(
    '9.1',
    'the values of parameters may be quoted',
    {
      with: [
        'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits="10"'
      ]
    },
    'HTTP 101, Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10, open',
    {
      options: { perMessageDeflate: true },
      shows: ['Sec-WebSocket-Extensions']
    }
  )
);

const repeated = [
  asked(
    '11.3.1',
    'a request with two Sec-WebSocket-Key is refused',
    { with: [`Sec-WebSocket-Key: ${KEY}`] },
    REFUSED
  ),
  asked(
    '11.3.5',
    `a request with two ${VERSION} is refused`,
    { with: [`${VERSION}: 13`] },
    REFUSED
  ),
  asked(
    '11.3.4',
    `${PROTOCOL} may come in several header fields`,
    { with: [`${PROTOCOL}: b`, `${PROTOCOL}: a`] },
    `HTTP 101, ${PROTOCOL}: a, open`,
    {
      options: { handleProtocols: (set) => [...set].pop() },
      shows: [PROTOCOL]
    }
  ),
  asked(
    '11.3.2',
    'Sec-WebSocket-Extensions may come in several header fields',
    {
      with: [
        'Sec-WebSocket-Extensions: x-other',
        'Sec-WebSocket-Extensions: permessage-deflate'
      ]
    },
    'HTTP 101, Sec-WebSocket-Extensions: permessage-deflate, open',
    {
      options: { perMessageDeflate: true },
      shows: ['Sec-WebSocket-Extensions']
    }
  )
];

/** Looks at the head of the response to a request that conforms. */
function responds(pattern) {
  return async (subject) => {
    const server = await subject.server({});
    server.app = () => {};
    const { response, socket } = await open(subject, server.port);
    socket.destroy();
    const found = response.match(new RegExp(pattern, `g${pattern.flags}`));
    return found?.length === 1 ? 'as required' : response;
  };
}

module.exports = [...answering, ...extensions, ...repeated];
