'use strict';

// RFC 6455 §4.1 and §11.3: how a client validates the response.

const { acceptKey: accept } = require('../../support/raw-server');
const { CLIENT, named } = require('../vocabulary');

/** The client closes the connection and sends nothing. */
const FAILS = 'end';

const ACCEPT = 'Sec-WebSocket-Accept';

/** A case about a response: what is left out of it and what is added. */
function answered(requires, response, sees, more) {
  return { at: '4.1', roles: CLIENT, requires, response, sees, ...more };
}

/** Replaces a header field. */
const replaced = (name, value) => ({
  without: [name],
  with: [`${name}: ${value}`]
});

const STATUSES = [
  '100 Continue',
  '200 OK',
  '204 No Content',
  '301 Moved Permanently',
  '400 Bad Request',
  '401 Unauthorized',
  '403 Forbidden',
  '426 Upgrade Required',
  '500 Internal Server Error',
  '503 Service Unavailable'
];

module.exports = [
  answered('a response that conforms opens the connection', {}, 'open'),
  ...STATUSES.map((status) =>
    answered(
      `a response with the status ${status.slice(0, 3)} does not open the connection`,
      { start: `HTTP/1.1 ${status}` },
      FAILS
    )
  ),
  answered(
    'a status line that is malformed fails the connection',
    { start: 'HTTP/1.1 1o1 Switching Protocols' },
    FAILS
  ),
  answered(
    'a response that is no HTTP fails the connection',
    { start: 'HELLO' },
    FAILS
  ),
  answered(
    'a response of HTTP/1.0 fails the connection',
    { start: 'HTTP/1.0 101 Switching Protocols' },
    FAILS,
    {
      tolerates: {
        sees: 'open',
        because: "Node.js's HTTP client upgrades so, and ws leaves it to it"
      }
    }
  ),
  answered(
    'the text of the status is of no importance',
    { start: 'HTTP/1.1 101 Whatever' },
    'open'
  ),

  answered('without Upgrade it fails', { without: ['Upgrade'] }, FAILS),
  ...['http/2.0', 'websockets', 'websocket/13', ''].map((value) =>
    answered(
      `with another Upgrade it fails: ${named(value)}`,
      replaced('Upgrade', value),
      FAILS
    )
  ),
  answered(
    'Upgrade may have capitals',
    replaced('Upgrade', 'WebSocket'),
    'open'
  ),
  answered('without Connection it fails', { without: ['Connection'] }, FAILS),
  ...['close', 'keep-alive', 'Upgraded'].map((value) =>
    answered(
      `with a Connection that has no "Upgrade" it fails: ${named(value)}`,
      replaced('Connection', value),
      FAILS
    )
  ),
  answered(
    'Connection may have more tokens than "Upgrade"',
    replaced('Connection', 'keep-alive, uPGRADE'),
    'open'
  ),
  answered(`without ${ACCEPT} it fails`, { without: [ACCEPT] }, FAILS),
  answered(
    `with the ${ACCEPT} of another key it fails`,
    replaced(ACCEPT, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='),
    FAILS
  ),
  answered(
    `with the key itself as ${ACCEPT} it fails`,
    (key) => replaced(ACCEPT, key),
    FAILS
  ),
  answered(`with an empty ${ACCEPT} it fails`, replaced(ACCEPT, ''), FAILS),
  answered(
    `with a ${ACCEPT} in other letters' case it fails`,
    (key) => replaced(ACCEPT, accept(key).toLowerCase()),
    FAILS
  ),
  answered(
    `with a ${ACCEPT} without its padding it fails`,
    (key) => replaced(ACCEPT, accept(key).slice(0, -1)),
    FAILS
  ),
  answered(
    `white space around ${ACCEPT} is ignored`,
    (key) => replaced(ACCEPT, ` \t${accept(key)} \t`),
    'open'
  ),
  answered(
    'names of header fields may be written in any case',
    (key) => ({
      without: ['Upgrade', 'Connection', ACCEPT],
      with: [
        'UPGRADE: websocket',
        'connection: upgrade',
        `sec-websocket-ACCEPT: ${accept(key)}`
      ]
    }),
    'open'
  ),
  answered(
    'the order of the header fields is of no importance',
    (key) => ({
      without: ['Upgrade', 'Connection', ACCEPT],
      with: [
        'X-First: 1',
        `${ACCEPT}: ${accept(key)}`,
        'Connection: Upgrade',
        'Upgrade: websocket'
      ]
    }),
    'open'
  ),
  answered(
    'a header field without a colon fails the connection',
    { with: ['Malformed'] },
    FAILS
  ),

  ...[
    ['none was offered', false],
    ['permessage-deflate was offered', true]
  ].map(([what, perMessageDeflate]) =>
    answered(
      `with an extension that was not offered it fails, where ${what}`,
      { with: ['Sec-WebSocket-Extensions: x-other'] },
      FAILS,
      { options: { perMessageDeflate } }
    )
  ),
  answered(
    'with permessage-deflate that was not offered it fails',
    { with: ['Sec-WebSocket-Extensions: permessage-deflate'] },
    FAILS
  ),
  answered(
    'with the extension that was offered and another one it fails',
    { with: ['Sec-WebSocket-Extensions: permessage-deflate, x-other'] },
    FAILS,
    { options: { perMessageDeflate: true } }
  ),
  answered(
    'without an extension, though one was offered, it opens',
    {},
    'open',
    { options: { perMessageDeflate: true } }
  ),
  ...['permessage-deflate;', ';', ',', 'permessage-deflate; a=', 'a b'].map(
    (value) =>
      answered(
        `with a malformed Sec-WebSocket-Extensions it fails: ${named(value)}`,
        { with: [`Sec-WebSocket-Extensions: ${value}`] },
        FAILS,
        { at: '9.1', options: { perMessageDeflate: true } }
      )
  ),

  answered(
    'with a subprotocol, where none was offered, it fails',
    { with: ['Sec-WebSocket-Protocol: a'] },
    FAILS
  ),
  answered(
    'with a subprotocol that was not offered it fails',
    { with: ['Sec-WebSocket-Protocol: c'] },
    FAILS,
    { protocols: ['a', 'b'] }
  ),
  answered(
    "with a subprotocol in other letters' case it fails",
    { with: ['Sec-WebSocket-Protocol: A'] },
    FAILS,
    { protocols: ['a', 'b'] }
  ),
  answered(
    'with an empty subprotocol it fails',
    { with: ['Sec-WebSocket-Protocol: '] },
    FAILS,
    { protocols: ['a', 'b'] }
  ),
  answered(
    'with two of the subprotocols offered it fails',
    { with: ['Sec-WebSocket-Protocol: a, b'] },
    FAILS,
    { protocols: ['a', 'b'] }
  ),
  answered(
    'with one of the subprotocols offered it opens',
    { with: ['Sec-WebSocket-Protocol: b'] },
    'open',
    { protocols: ['a', 'b'] }
  ),

  answered(
    `with ${ACCEPT} twice it fails`,
    (key) => ({ with: [`${ACCEPT}: ${accept(key)}`] }),
    FAILS,
    { at: '11.3.3' }
  ),
  answered(
    'with Sec-WebSocket-Protocol twice it fails',
    { with: ['Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: b'] },
    FAILS,
    { at: '11.3.4', protocols: ['a', 'b'] }
  ),
  answered(
    'with Sec-WebSocket-Extensions twice it fails',
    {
      with: [
        'Sec-WebSocket-Extensions: permessage-deflate',
        'Sec-WebSocket-Extensions: permessage-deflate'
      ]
    },
    FAILS,
    {
      at: '11.3.2',
      options: { perMessageDeflate: true },
      tolerates: {
        sees: 'open',
        because: 'ws takes the first of both, which is what was agreed on'
      }
    }
  )
];
