'use strict';

// RFC 7692 §5 and §7.1: what a client offers, and which responses it accepts.

const { header } = require('../../support/raw-server');
const { CLIENT, named } = require('../vocabulary');

const NAME = 'permessage-deflate';
const FIELD = 'Sec-WebSocket-Extensions';

/** The client closes the connection and sends nothing. */
const FAILS = 'end';

/** A case about the value of a response's `Sec-WebSocket-Extensions`. */
function answered(at, requires, parameters, sees, options = true, tolerates) {
  return {
    at,
    roles: CLIENT,
    requires,
    options: { perMessageDeflate: options },
    response: { with: [`${FIELD}: ${NAME}${parameters}`] },
    sees,
    tolerates
  };
}

/** A case about the offer of a client. */
function offers(at, requires, options, value) {
  return {
    at,
    roles: CLIENT,
    requires,
    run: async (subject) => {
      const raw = await subject.raw();
      const ws = await subject.dial({
        options: { perMessageDeflate: options }
      });
      const { request } = await raw.request();
      ws.terminate();
      return String(header(request, FIELD));
    },
    sees: value
  };
}

const NOT_ASKED = {
  sees: 'open',
  because:
    'ws does not compare the response with what it asked of the server; its own window is large enough for any, and it keeps every context'
};

const NUMBER = {
  sees: 'open',
  because: 'ws reads it as a number, of which this is another form'
};

module.exports = [
  offers(
    '5',
    'the extension is offered by its name',
    {},
    `${NAME}; client_max_window_bits`
  ),
  offers('5', 'it is not offered where it is off', false, 'undefined'),
  offers(
    '7.1.1',
    'no_context_takeover is offered without values',
    {
      clientMaxWindowBits: false,
      clientNoContextTakeover: true,
      serverNoContextTakeover: true
    },
    `${NAME}; server_no_context_takeover; client_no_context_takeover`
  ),
  offers(
    '7.1.2',
    'windows are offered as decimal numbers without leading zeros',
    { clientMaxWindowBits: 8, serverMaxWindowBits: 9 },
    `${NAME}; server_max_window_bits=9; client_max_window_bits=8`
  ),

  answered(
    '5',
    'a response that accepts the offer opens the connection',
    '',
    'open'
  ),
  {
    at: '5',
    roles: CLIENT,
    requires:
      'a response with an extension of this kind that was not offered fails it',
    options: { perMessageDeflate: true },
    response: { with: [`${FIELD}: permessage-bzip2`] },
    sees: FAILS
  },
  {
    at: '5',
    roles: CLIENT,
    requires: 'a response with another extension that uses RSV1 fails it',
    options: { perMessageDeflate: true },
    response: { with: [`${FIELD}: ${NAME}, x-webkit-deflate-frame`] },
    sees: FAILS
  },
  {
    at: '5',
    roles: CLIENT,
    requires:
      'a response with the extension twice, which both use RSV1, fails it',
    options: { perMessageDeflate: true },
    response: { with: [`${FIELD}: ${NAME}, ${NAME}`] },
    sees: FAILS,
    tolerates: {
      sees: 'open',
      because: 'ws takes the first of both, which is what was agreed on'
    }
  },

  answered('7.1', 'an unknown parameter fails it', '; x-other', FAILS),
  answered(
    '7.1',
    'a parameter in capitals, which is another one, fails it',
    '; Server_No_Context_Takeover',
    FAILS
  ),
  ...[
    'server_no_context_takeover=1',
    'client_no_context_takeover=true',
    'server_max_window_bits',
    'server_max_window_bits=7',
    'server_max_window_bits=16',
    'server_max_window_bits=x',
    'client_max_window_bits',
    'client_max_window_bits=7',
    'client_max_window_bits=16',
    'client_max_window_bits=0'
  ].map((parameter) =>
    answered(
      '7.1',
      `an invalid value fails it: ${named(parameter)}`,
      `; ${parameter}`,
      FAILS
    )
  ),
  ...[
    'server_no_context_takeover; server_no_context_takeover',
    'client_no_context_takeover; client_no_context_takeover',
    'server_max_window_bits=10; server_max_window_bits=10',
    'client_max_window_bits=10; client_max_window_bits=11'
  ].map((parameters) =>
    answered(
      '7.1',
      `a parameter twice fails it: ${named(parameters)}`,
      `; ${parameters}`,
      FAILS
    )
  ),
  answered(
    '7.1',
    'a configuration that the client does not support fails it: client_no_context_takeover',
    '; client_no_context_takeover',
    FAILS,
    { clientNoContextTakeover: false }
  ),
  answered(
    '7.1',
    'a configuration that the client does not support fails it: client_max_window_bits',
    '; client_max_window_bits=10',
    FAILS,
    { clientMaxWindowBits: false }
  ),

  answered(
    '7.1.1.1',
    'server_no_context_takeover that was asked for and is not promised fails it',
    '',
    FAILS,
    { serverNoContextTakeover: true },
    NOT_ASKED
  ),
  answered(
    '7.1.1.1',
    'server_no_context_takeover may come without being asked for',
    '; server_no_context_takeover',
    'open'
  ),
  answered(
    '7.1.1.2',
    'client_no_context_takeover may come without being offered',
    '; client_no_context_takeover',
    'open'
  ),
  answered(
    '7.1.2.1',
    'server_max_window_bits that was asked for and is not promised fails it',
    '',
    FAILS,
    { serverMaxWindowBits: 10 },
    NOT_ASKED
  ),
  answered(
    '7.1.2.1',
    'server_max_window_bits that is larger than asked for fails it',
    '; server_max_window_bits=12',
    FAILS,
    { serverMaxWindowBits: 10 },
    NOT_ASKED
  ),
  answered(
    '7.1.2.1',
    'server_max_window_bits that is smaller than asked for is accepted',
    '; server_max_window_bits=9',
    'open',
    { serverMaxWindowBits: 10 }
  ),
  answered(
    '7.1.2.1',
    'server_max_window_bits has no leading zeros',
    '; server_max_window_bits=010',
    FAILS,
    true,
    NUMBER
  ),
  answered(
    '7.1.2.2',
    'client_max_window_bits has no leading zeros',
    '; client_max_window_bits=010',
    FAILS,
    true,
    NUMBER
  ),
  answered(
    '7.1.2.2',
    'client_max_window_bits that is larger than offered fails it',
    '; client_max_window_bits=12',
    FAILS,
    { clientMaxWindowBits: 10 }
  ),
  answered(
    '7.1.2.2',
    'client_max_window_bits that is smaller than offered is accepted',
    '; client_max_window_bits=9',
    'open',
    { clientMaxWindowBits: 10 }
  ),
  answered(
    '7.1.2.2',
    'the values of parameters may be quoted',
    '; client_max_window_bits="10"',
    'open'
  )
];
