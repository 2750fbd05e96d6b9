'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { suite, test } = require('node:test');

const { libraries, plain } = require('../support/contract');
const { serve } = require('../support/serve');
const { after, dial } = require('./support');

/** What both ends send, in this order; the sizes are those of each form of the length. */
const SENT = [
  (ws) => ws.send('text'),
  (ws) => ws.send('é€😀'),
  (ws) => ws.send(''),
  (ws) => ws.send(Buffer.from('00ff80', 'hex')),
  (ws) => ws.send(Buffer.alloc(125, 'a')),
  (ws) => ws.ping('ping'),
  (ws) => ws.send(Buffer.alloc(126, 'b')),
  (ws) => ws.send(Buffer.alloc(65535, 'c')),
  (ws) => ws.send(new Blob(['blob'])),
  (ws) => ws.send('x'.repeat(65536)),
  (ws) => ws.pong('pong'),
  (ws) => ws.send('one ', { fin: false }),
  (ws) => ws.ping('between'),
  (ws) => ws.send('two', { fin: true }),
  (ws) => ws.send(Buffer.alloc(500000, 'd')),
  (ws) => ws.send(new Uint16Array([1, 2, 3]))
];

/** How many of them are messages. */
const MESSAGES = 12;

/** Logs what an end receives; a large message by its size. */
function listen(ws) {
  const log = [];
  const brief = (data) => (data.length > 200 ? data.length : plain(data));
  ws.on('message', (data, binary) =>
    log.push(['message', brief(data), binary])
  );
  ws.on('ping', (data) => log.push(['ping', plain(data)]));
  ws.on('pong', (data) => log.push(['pong', plain(data)]));
  ws.on('error', (error) => log.push(['error', plain(error)]));
  ws.on('close', (code, reason) => log.push(['close', code, plain(reason)]));
  return log;
}

/** Has a client and a server of two libraries send all of it to each other at once. */
async function converse(t, client, server) {
  const { port, wss } = await serve(t, server);
  const connection = once(wss, 'connection');
  const ws = dial({ lib: client, t }, port);
  const log = listen(ws);
  const [peer] = await connection;
  const peerLog = listen(peer);
  if (ws.readyState === 0) await after(ws, 'open');

  for (const send of SENT) {
    send(ws);
    send(peer);
  }

  const messages = (entries) =>
    entries.filter(([event]) => event === 'message').length;
  const all = (end, entries) =>
    new Promise((resolve) => {
      const look = () => messages(entries) === MESSAGES && resolve();
      end.on('message', look);
      look();
    });
  await Promise.all([all(ws, log), all(peer, peerLog)]);

  const closed = Promise.all([after(ws, 'close'), after(peer, 'close')]);
  ws.close(4001, 'enough');
  await closed;

  // Pongs to pings come among the messages, wherever their turn is.
  const isAnswer = ([event, data]) =>
    event === 'pong' && data !== plain(Buffer.from('pong'));
  return [log, peerLog].map((entries) => ({
    answers: entries.filter(isAnswer),
    events: entries.filter((entry) => !isAnswer(entry))
  }));
}

suite('mixed traffic both ways, whose log is that of ws with ws', () => {
  for (const [client, server] of [
    ['ferrows', 'ws'],
    ['ws', 'ferrows'],
    ['ferrows', 'ferrows']
  ]) {
    test(`of a client of ${client} and a server of ${server}`, async (t) => {
      const { ws } = libraries;
      const expected = await converse(t, ws, ws);
      const actual = await converse(t, libraries[client], libraries[server]);
      assert.deepStrictEqual(actual, expected);
      const [{ answers, events }] = actual;
      assert.strictEqual(events.length, MESSAGES + 2 + 1 + 1);
      assert.strictEqual(answers.length, 2);
      assert.deepStrictEqual(events.at(-1), [
        'close',
        4001,
        plain(Buffer.from('enough'))
      ]);
    });
  }
});
