'use strict';

// The addon under test panics where a payload asks for it: `npm run test:panics` has it built so.

const { compressed, NAME } = require('../deflate/support');
const { frame } = require('../support/raw-client');
const { serve } = require('../support/serve');

/** A payload that asks for a panic, in each kilobyte of it if it is long. */
function asking(place, length = 0) {
  const text = `panic in ${place} `;
  return text.repeat(Math.max(1, Math.ceil(length / text.length)));
}

/** A connection with permessage-deflate. */
const deflate = { headers: { 'Sec-WebSocket-Extensions': NAME } };

/**
 * Starts a server that answers each message with how long it was, or sends what the message asks it
 * to send. What happens on its connections is in `logs`, by their paths.
 */
async function serveLogged(t, lib) {
  const { wss, port } = await serve(t, lib, {
    perMessageDeflate: { threshold: 0 }
  });
  const logs = {};
  const closed = {};

  wss.on('connection', (ws, { url }) => {
    const log = (logs[url] = []);
    closed[url] = new Promise((resolve) => ws.on('close', resolve));

    ws.on('message', (data) => {
      const text = data.toString();
      log.push(text.slice(0, 16));
      if (!text.startsWith('send ')) ws.send(`got ${text.length}`);
      else ws.send(text.slice(5), (error) => log.push(error?.code ?? 'sent'));
    });
    ws.on('error', ({ code, message }) => log.push(`${code}: ${message}`));
    ws.on('close', (code) => log.push(`close ${code}`));
  });
  return { closed, logs, port, wss };
}

/**
 * Has a place panic that no payload can ask, while something is done. Without a place none does.
 *
 * @param {(String|undefined)} place The place
 * @param {Function} action What is done; it may return a promise
 * @return {Promise<*>} What came of it
 */
async function within(place, action) {
  if (place !== undefined) process.env.FERROWS_PANIC = place;

  try {
    return await action();
  } finally {
    delete process.env.FERROWS_PANIC;
  }
}

const ERROR =
  'FERROWS_ERR_INTERNAL: Internal error: this connection cannot go on';

module.exports = {
  asking,
  compressed,
  deflate,
  ERROR,
  frame,
  serveLogged,
  within
};
