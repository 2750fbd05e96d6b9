'use strict';

const assert = require('node:assert');
const { once } = require('node:events');

const { contract } = require('../support/contract');
const { frame, RawClient, request } = require('../support/raw-client');
const { serve } = require('../support/serve');
const { record, session, turns } = require('../support/session');
const { ThreadClient } = require('./support');

/** Messages `0`, `1`, … in masked text frames. */
function messages(count) {
  const frames = [];
  for (let i = 0; i < count; i++) frames.push(frame(0x81, String(i)));
  return Buffer.concat(frames);
}

/**
 * Has bytes and the end of the connection arrive together: the server's thread does nothing until
 * both are there.
 */
function together(bytes, then) {
  return async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    const connected = once(wss, 'connection');
    const client = await ThreadClient.open(t, port);
    const [ws] = await connected;
    const closed = once(ws, 'close');

    record(ws, log);
    client.send(bytes, then);
    await closed;
    await turns();
  };
}

/** The number of messages in a log. */
function countMessages(log) {
  return log.filter(([event]) => event === 'message').length;
}

contract(
  'delivers a message that arrives together with FIN (edge-triggered reads)',
  together(messages(1), 'end'),
  (log) => assert.strictEqual(countMessages(log), 1)
);

contract(
  'delivers 2 000 messages that arrive together with FIN',
  together(messages(2000), 'end'),
  (log) => assert.strictEqual(countMessages(log), 2000)
);

contract(
  'delivers a message that arrives together with RST, and emits no error (WS-CONTRACT 21)',
  together(messages(1), 'reset'),
  (log) => assert.deepStrictEqual(log.at(-1), ['close', 1006, 'Buffer ', 3])
);

contract(
  'delivers 2 000 messages that arrive together with RST',
  together(messages(2000), 'reset'),
  (log) => assert.strictEqual(countMessages(log), 2000)
);

contract(
  'completes the closing handshake when the close frame arrives together with FIN',
  together(
    Buffer.concat([messages(3), frame(0x88, Buffer.from('0fa0627965', 'hex'))]),
    'end'
  ),
  (log) => assert.strictEqual(log.at(-1)[0], 'close')
);

contract(
  'reports half a message that arrives together with FIN as 1006',
  together(
    Buffer.concat([messages(1), frame(0x81, 'half').subarray(0, 8)]),
    'end'
  ),
  (log) => assert.strictEqual(countMessages(log), 1)
);

contract(
  'sees a FIN that arrives alone, and an RST that arrives alone',
  async (context) => {
    await together(Buffer.alloc(0), 'end')(context);
    await together(Buffer.alloc(0), 'reset')(context);
  },
  (log) => assert.strictEqual(log.length, 2)
);

contract(
  'delivers messages that arrive in one segment with the request (WS-CONTRACT 1)',
  async ({ lib, log, t }) => {
    const { client, ws } = await session(
      { lib, t },
      {
        client: { behind: messages(300) },
        onConnection: (ws) => record(ws, log)
      }
    );
    const closed = once(ws, 'close');

    client.socket.end();
    await closed;
  },
  (log) => assert.strictEqual(countMessages(log), 300)
);

contract(
  'delivers messages that arrive with the request and with FIN (WS-CONTRACT 1)',
  async ({ lib, log, t }) => {
    const { port, wss } = await serve(t, lib);
    const closed = new Promise((resolve) => {
      wss.on('connection', (ws) => {
        record(ws, log);
        ws.on('close', resolve);
      });
    });
    const client = await RawClient.connect(port);
    t.after(() => client.socket.destroy());

    client.socket.end(Buffer.concat([request(), messages(300)]));
    await closed;
  },
  (log) => assert.strictEqual(countMessages(log), 300)
);
