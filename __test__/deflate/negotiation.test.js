'use strict';

const assert = require('node:assert');

const { contract } = require('../support/contract');

/** Logs what a call returns, with the order of its keys, or what it throws. */
function attempt(log, call) {
  try {
    const value = call();
    log(value, Object.keys(value).join());
  } catch (error) {
    log(error);
  }
}

/** All combinations of one value of each list. */
function combinations(lists) {
  let all = [{}];
  for (const [key, values] of Object.entries(lists)) {
    all = all.flatMap((each) =>
      values.map((value) =>
        value === undefined ? { ...each } : { ...each, [key]: value }
      )
    );
  }
  return all;
}

const TAKEOVER = [undefined, true, false];
const BITS = [undefined, null, true, false, 8, 10, 15];

const OPTIONS = combinations({
  serverNoContextTakeover: TAKEOVER,
  clientNoContextTakeover: TAKEOVER,
  serverMaxWindowBits: BITS,
  clientMaxWindowBits: BITS
});

contract('names itself, and needs no options', ({ lib, log }) => {
  const { PerMessageDeflate } = lib;
  log(PerMessageDeflate.name, PerMessageDeflate.extensionName);
  for (const options of [undefined, null, {}]) {
    const instance = new PerMessageDeflate(options);
    log(instance.params, instance.offer());
    log(instance._isServer, instance._threshold, instance._maxPayload);
  }
});

contract(
  'offers what its options say (RFC 7692 7.1)',
  ({ lib, log }) => {
    for (const options of OPTIONS) {
      attempt(log, () => new lib.PerMessageDeflate(options).offer());
    }
  },
  (log) => assert.strictEqual(log.length, 3 * 3 * 7 * 7)
);

const OFFERS = combinations({
  client_max_window_bits: [undefined, [true], ['8'], ['12']],
  server_no_context_takeover: [undefined, [true]],
  server_max_window_bits: [undefined, ['9'], ['15']],
  client_no_context_takeover: [undefined, [true]]
});

contract(
  'accepts the same offers with the same response under all options (RFC 7692 7.1)',
  ({ lib, log }) => {
    for (const options of OPTIONS) {
      for (const offer of OFFERS) {
        const instance = new lib.PerMessageDeflate({
          ...options,
          isServer: true
        });
        attempt(log, () => instance.accept([structuredClone(offer)]));
        log(instance.params);
      }
    }
  },
  (log) => assert.ok(log.some(([value]) => value?.name === 'Error'))
);

contract(
  'accepts the same responses under all options (RFC 7692 7.1)',
  ({ lib, log }) => {
    for (const options of OPTIONS) {
      for (const response of OFFERS) {
        const instance = new lib.PerMessageDeflate(options);
        attempt(log, () => instance.accept([structuredClone(response)]));
        log(instance.params);
      }
    }
  },
  (log) => {
    for (const text of [
      'Unexpected parameter "client_no_context_takeover"',
      'Unexpected or invalid parameter "client_max_window_bits"',
      'Invalid value for parameter "client_max_window_bits": true'
    ]) {
      assert.ok(
        log.some(([value]) => value?.message === text),
        text
      );
    }
  }
);

contract(
  'accepts the first acceptable offer, and falls back to a later one (RFC 7692 7.1.3)',
  ({ lib, log }) => {
    const lists = [
      [{}, { server_max_window_bits: ['10'] }],
      [{ server_max_window_bits: ['8'] }, { client_max_window_bits: [true] }],
      [{ server_max_window_bits: ['8'] }, { server_max_window_bits: ['9'] }],
      [{ server_no_context_takeover: [true] }, {}],
      []
    ];
    const all = [
      {},
      { serverMaxWindowBits: 10 },
      { serverMaxWindowBits: false },
      { clientMaxWindowBits: 11 },
      { serverNoContextTakeover: false }
    ];

    for (const options of all) {
      for (const offers of lists) {
        const instance = new lib.PerMessageDeflate({
          ...options,
          isServer: true
        });
        attempt(log, () => instance.accept(structuredClone(offers)));
      }
    }
  },
  (log) => {
    const message = 'None of the extension offers can be accepted';
    assert.deepStrictEqual(log[4], [{ name: 'Error', message }]);
  }
);

contract(
  'refuses parameters that are unknown, repeated or invalid (RFC 7692 7.1)',
  ({ lib, log }) => {
    const values = [true, '', '7', '8', '15', '16', '9.5', '1e1', '0x9', 'x'];
    const keys = [
      'server_no_context_takeover',
      'client_no_context_takeover',
      'server_max_window_bits',
      'client_max_window_bits',
      'unknown',
      '__proto__'
    ];

    for (const isServer of [true, false]) {
      for (const key of keys) {
        for (const value of [...values.map((each) => [each]), [true, true]]) {
          const params = Object.create(null);
          params[key] = value;
          log(isServer, key, value);
          attempt(log, () =>
            new lib.PerMessageDeflate({ isServer }).accept([params])
          );
        }
      }
      // The first fault is told, of an offer that would not be chosen too.
      const faulty = [
        {},
        { client_max_window_bits: ['20'], unknown: [true, true] }
      ];
      attempt(log, () =>
        new lib.PerMessageDeflate({ isServer }).accept(faulty)
      );
    }
  }
);

contract('gives back the object that it was given, changed', ({ lib, log }) => {
  const offer = { client_max_window_bits: [true] };
  const server = new lib.PerMessageDeflate({
    isServer: true,
    serverMaxWindowBits: 9
  });
  log(server.accept([offer]) === offer, server.params === offer, offer);

  const response = { server_max_window_bits: ['9'] };
  const client = new lib.PerMessageDeflate({ clientMaxWindowBits: 12 });
  log(client.accept([response]) === response, response);
});
