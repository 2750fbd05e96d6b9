'use strict';

// RFC 6455 §4.2.1 and §4.3: how a server reads a request.

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

const LENIENT_VERSION = {
  tolerates: {
    sees: OPEN,
    because: 'ws reads it as a number, of which this is another form'
  }
};

module.exports = [
  asked('4.2.1', 'a request that conforms is accepted', {}, OPEN),
  ...['POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE'].map((method) =>
    asked(
      '4.2.1',
      `a request with the method ${method} is refused`,
      { start: `${method} / HTTP/1.1` },
      REFUSED
    )
  ),
  asked(
    '4.2.1',
    'a request of HTTP/1.0 is refused',
    { start: 'GET / HTTP/1.0' },
    /^HTTP (4|5)\d\d$/,
    {
      tolerates: {
        sees: OPEN,
        because: "Node.js's HTTP server upgrades so, and ws leaves it to it"
      }
    }
  ),
  asked(
    '4.2.1',
    'a request of HTTP/3.0 in the text of HTTP/1.1 is refused',
    { start: 'GET / HTTP/3.0' },
    /^HTTP (4|5)\d\d$/
  ),
  asked(
    '4.2.1',
    'a request whose target has the form of an address is accepted',
    { start: 'GET http://localhost/ HTTP/1.1' },
    OPEN
  ),
  asked(
    '4.2.1',
    'a request without Host is refused',
    { without: ['Host'] },
    REFUSED,
    {
      tolerates: {
        sees: OPEN,
        because:
          "ws does not look at the field, and Node.js's HTTP server does not ask for it in an upgrade request"
      }
    }
  ),
  asked(
    '4.2.1',
    'a request without Upgrade is refused',
    { without: ['Upgrade'] },
    REFUSED
  ),
  ...['http/2.0', 'websockets', 'websocket/13'].map((value) =>
    asked(
      '4.2.1',
      `a request with another Upgrade is refused: ${named(value)}`,
      replaced('Upgrade', value),
      REFUSED
    )
  ),
  asked(
    '4.2.1',
    'Upgrade may have capitals',
    replaced('Upgrade', 'WebSocket'),
    OPEN
  ),
  asked(
    '4.2.1',
    'a request without Connection is refused',
    { without: ['Connection'] },
    REFUSED
  ),
  ...['close', 'keep-alive', 'Upgraded'].map((value) =>
    asked(
      '4.2.1',
      `a request with a Connection that has no "Upgrade" is refused: ${named(value)}`,
      replaced('Connection', value),
      REFUSED
    )
  ),
  asked(
    '4.2.1',
    'Connection may have more tokens, and capitals',
    replaced('Connection', 'keep-alive, uPGRADE'),
    OPEN
  ),
  asked(
    '4.2.1',
    'a request without Sec-WebSocket-Key is refused',
    { without: ['Sec-WebSocket-Key'] },
    REFUSED
  ),
  ...[
    ['empty', ''],
    ['of 15 bytes', 'AAAAAAAAAAAAAAAAAAAA'],
    ['of 17 bytes', 'AAAAAAAAAAAAAAAAAAAAAAA='],
    ['of 16 bytes without padding', 'AAAAAAAAAAAAAAAAAAAAAA'],
    ['no base64', 'AAAAAAAAAAAAAAAAAAAA-_=='],
    ['base64 with a blank in it', 'AAAAAAAAAA AAAAAAAAAAA==']
  ].map(([what, value]) =>
    asked(
      '4.2.1',
      `a request whose Sec-WebSocket-Key is ${what} is refused`,
      replaced('Sec-WebSocket-Key', value),
      REFUSED
    )
  ),
  asked(
    '4.2.1',
    `a request without ${VERSION} is refused`,
    { without: [VERSION] },
    REFUSED
  ),
  ...['', '0', '7', '12', '14', '255', '-13', '13a', 'x'].map((value) =>
    asked(
      '4.2.1',
      `a request of the version ${named(value)} is refused`,
      replaced(VERSION, value),
      REFUSED
    )
  ),
  asked(
    '4.2.1',
    'a request of the version 8 is refused',
    replaced(VERSION, '8'),
    REFUSED,
    {
      tolerates: {
        sees: OPEN,
        because:
          'a draft with the same frames; ws speaks it, and says so in its answer to other versions'
      }
    }
  ),
  ...['013', '13.0', '0xd', '1.3e1', '+13'].map((value) =>
    asked(
      '4.3',
      `a version is a number of up to three digits, without leading zeros: not ${named(value)}`,
      replaced(VERSION, value),
      REFUSED,
      LENIENT_VERSION
    )
  ),
  ...[
    ['a, ,b', 'an empty element'],
    ['', 'no element'],
    ['a b', 'a blank within a name'],
    ['a;b', 'a separator in a name'],
    ['a, a', 'a name twice']
  ].map(([value, what]) =>
    asked(
      '4.3',
      `a ${PROTOCOL} with ${what} is refused`,
      { with: [`${PROTOCOL}: ${value}`] },
      REFUSED
    )
  ),
  asked(
    '4.2.1',
    'the order of the header fields is of no importance',
    {
      without: ['Host', 'Connection'],
      with: ['Connection: Upgrade', 'Host: localhost']
    },
    OPEN
  ),
  asked(
    '4.2.1',
    'header fields that are unknown are ignored',
    { with: ['X-Name: value', 'Cookie: a=b'] },
    OPEN
  ),
  asked(
    '4.2.1',
    'a header field without a colon is refused',
    { with: ['Malformed'] },
    REFUSED
  ),
  asked(
    '4.2.1',
    'a header field with a blank in front of its colon is refused',
    { with: ['X-Name : value'] },
    REFUSED
  )
];
