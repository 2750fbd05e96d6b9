'use strict';

// RFC 7692 §5 and §7.1: how a server reads offers and answers them.

const { SERVER, named } = require('../vocabulary');

const NAME = 'permessage-deflate';
const FIELD = 'Sec-WebSocket-Extensions';

/** The offer is declined: the connection opens without the extension. */
const DECLINED = `HTTP 101, no ${FIELD}, open`;

const accepted = (parameters = '') =>
  `HTTP 101, ${FIELD}: ${NAME}${parameters}, open`;

/** ws refuses the request instead of declining the offer. */
const REFUSES = {
  sees: `HTTP 400, no ${FIELD}`,
  because:
    'ws refuses the whole request, which accepts the offer no more than declining it'
};

/** A case about the value of a request's `Sec-WebSocket-Extensions`. */
function offered(at, requires, value, sees, more) {
  return {
    at,
    roles: SERVER,
    requires,
    options: { perMessageDeflate: true },
    request: { with: [`${FIELD}: ${value}`] },
    shows: [FIELD],
    sees,
    ...more
  };
}

const declined = (at, requires, value, options = true) =>
  offered(at, requires, value, DECLINED, {
    options: { perMessageDeflate: options },
    tolerates: REFUSES
  });

const because = 'ws reads it as a number, of which this is another form';

module.exports = [
  offered('5', 'an offer is accepted', NAME, accepted()),
  offered(
    '5',
    'an offer is not accepted where the extension is off',
    NAME,
    DECLINED,
    { options: {} }
  ),
  offered(
    '5',
    'an offer among those of other extensions is accepted, alone',
    `x-other, ${NAME}; server_no_context_takeover, x-webkit-deflate-frame`,
    accepted('; server_no_context_takeover')
  ),
  offered(
    '5',
    'of several offers the first that is possible is accepted, once',
    `${NAME}; server_max_window_bits=12, ${NAME}; server_max_window_bits=11`,
    accepted('; server_max_window_bits=12')
  ),
  offered(
    '5',
    'of several offers one that is not possible is left out',
    `${NAME}; server_no_context_takeover, ${NAME}; server_max_window_bits=12`,
    accepted('; server_max_window_bits=12'),
    { options: { perMessageDeflate: { serverNoContextTakeover: false } } }
  ),
  offered(
    '5',
    'of several offers one that is invalid is left out',
    `${NAME}; x-other, ${NAME}`,
    accepted(),
    { tolerates: REFUSES }
  ),
  declined(
    '7.1',
    'an offer with an unknown parameter is declined',
    `${NAME}; x`
  ),
  declined(
    '7.1',
    'an offer with a parameter in capitals, which is another one, is declined',
    `${NAME}; Server_No_Context_Takeover`
  ),
  ...[
    'server_no_context_takeover=1',
    'server_no_context_takeover=true',
    'client_no_context_takeover=1',
    'server_max_window_bits',
    'server_max_window_bits=7',
    'server_max_window_bits=16',
    'server_max_window_bits=0',
    'server_max_window_bits=-9',
    'server_max_window_bits=x',
    'client_max_window_bits=7',
    'client_max_window_bits=16',
    'client_max_window_bits=9.5'
  ].map((parameter) =>
    declined(
      '7.1',
      `an offer with an invalid value is declined: ${named(parameter)}`,
      `${NAME}; ${parameter}`
    )
  ),
  ...[
    ['server_max_window_bits=010', 10],
    ['server_max_window_bits=1e1', 10],
    ['server_max_window_bits="010"', 10]
  ].map(([parameter, bits]) =>
    offered(
      '7.1.2.1',
      `a window is a decimal number without leading zeros: ${named(parameter)} is declined`,
      `${NAME}; ${parameter}`,
      DECLINED,
      {
        tolerates: {
          sees: accepted(`; server_max_window_bits=${bits}`),
          because
        }
      }
    )
  ),
  offered(
    '7.1.2.2',
    'a window is a decimal number without leading zeros: `client_max_window_bits=010` is declined',
    `${NAME}; client_max_window_bits=010`,
    DECLINED,
    {
      tolerates: { sees: accepted('; client_max_window_bits=10'), because }
    }
  ),
  ...[
    ['server_no_context_takeover', 'server_no_context_takeover'],
    ['client_no_context_takeover', 'client_no_context_takeover'],
    ['server_max_window_bits=10', 'server_max_window_bits=10'],
    ['server_max_window_bits=10', 'server_max_window_bits=11'],
    ['client_max_window_bits', 'client_max_window_bits'],
    ['client_max_window_bits', 'client_max_window_bits=10']
  ].map(([first, second]) =>
    declined(
      '7.1',
      `an offer with a parameter twice is declined: ${named(`${first}; ${second}`)}`,
      `${NAME}; ${first}; ${second}`
    )
  ),
  declined(
    '7.1',
    'an offer that the server does not support is declined: server_no_context_takeover',
    `${NAME}; server_no_context_takeover`,
    { serverNoContextTakeover: false }
  ),
  declined(
    '7.1',
    'an offer that the server does not support is declined: server_max_window_bits',
    `${NAME}; server_max_window_bits=10`,
    { serverMaxWindowBits: false }
  ),
  declined(
    '7.1',
    'an offer of a smaller window than the server can have is declined',
    `${NAME}; server_max_window_bits=9`,
    { serverMaxWindowBits: 10 }
  ),

  offered(
    '7.1.1.1',
    'server_no_context_takeover is accepted by repeating it, without a value',
    `${NAME}; server_no_context_takeover`,
    accepted('; server_no_context_takeover')
  ),
  offered(
    '7.1.1.1',
    'a server may say server_no_context_takeover without being asked',
    NAME,
    accepted('; server_no_context_takeover'),
    { options: { perMessageDeflate: { serverNoContextTakeover: true } } }
  ),
  offered(
    '7.1.1.2',
    'a server may ask for client_no_context_takeover without an offer of it',
    NAME,
    accepted('; client_no_context_takeover'),
    { options: { perMessageDeflate: { clientNoContextTakeover: true } } }
  ),
  ...[8, 9, 15].map((bits) =>
    offered(
      '7.1.2.1',
      `server_max_window_bits=${bits} is accepted with the same value or a smaller one`,
      `${NAME}; server_max_window_bits=${bits}`,
      accepted(`; server_max_window_bits=${bits}`)
    )
  ),
  offered(
    '7.1.2.1',
    'server_max_window_bits is accepted with a smaller value if the server has one',
    `${NAME}; server_max_window_bits=12`,
    accepted('; server_max_window_bits=10'),
    { options: { perMessageDeflate: { serverMaxWindowBits: 10 } } }
  ),
  offered(
    '7.1.2.1',
    'a server may say server_max_window_bits without being asked',
    NAME,
    accepted('; server_max_window_bits=10'),
    { options: { perMessageDeflate: { serverMaxWindowBits: 10 } } }
  ),
  offered(
    '7.1.2.2',
    'without client_max_window_bits in the offer there is none in the response',
    NAME,
    [DECLINED, REFUSES.sees],
    { options: { perMessageDeflate: { clientMaxWindowBits: 10 } } }
  ),
  offered(
    '7.1.2.2',
    'client_max_window_bits without a value is no value in the response either',
    `${NAME}; client_max_window_bits`,
    accepted()
  ),
  offered(
    '7.1.2.2',
    'client_max_window_bits without a value is answered with one that the server wants',
    `${NAME}; client_max_window_bits`,
    accepted('; client_max_window_bits=10'),
    { options: { perMessageDeflate: { clientMaxWindowBits: 10 } } }
  ),
  offered(
    '7.1.2.2',
    'client_max_window_bits with a value is answered with the same one or a smaller one',
    `${NAME}; client_max_window_bits=12`,
    accepted('; client_max_window_bits=10'),
    { options: { perMessageDeflate: { clientMaxWindowBits: 10 } } }
  )
];
