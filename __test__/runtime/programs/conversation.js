'use strict';

// A server that answers, and what a client says to it. Bun and Deno run this, too:
// `serve LIBRARY` prints the addresses of two servers, `talk LIBRARY ADDRESS …` what was heard.

const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');

const LARGE = Buffer.alloc(1024 * 1024, 'large and binary');
const MANY = 1000;

/** Starts an http server with a WebSocket server on it, and one with a port of its own. */
async function serve({ WebSocketServer }) {
  const server = http.createServer();
  const servers = [
    new WebSocketServer({ server }),
    new WebSocketServer({ host: '127.0.0.1', port: 0 })
  ];

  for (const wss of servers) wss.on('connection', answer);
  server.listen(0, '127.0.0.1');
  await Promise.all(servers.map((wss) => once(wss, 'listening')));
  return servers.map((wss) => `ws://127.0.0.1:${wss.address().port}`);
}

function answer(ws) {
  ws.on('message', (data, isBinary) => {
    switch (isBinary ? '' : data.toString()) {
      case 'ping me':
        ws.ping('here');
        break;
      case 'close me':
        ws.close(4001, 'as you wish');
        break;
      case 'terminate me':
        ws.terminate();
        break;
      default:
        ws.send(data, { binary: isBinary });
    }
  });
  ws.on('pong', (data) => ws.send(`pong ${data}`));
}

/**
 * Talks to a server.
 *
 * @param {Function} WebSocket The class of the client
 * @param {String} address Where to
 * @return {Promise<Array>} What was heard
 */
async function talk(WebSocket, address) {
  const log = [];
  const { next, ws } = await dial(WebSocket, address);

  ws.send('żółw');
  log.push(await next());
  ws.send(LARGE);
  const [, data, isBinary] = await next();
  log.push(['large', LARGE.equals(data), isBinary]);
  ws.send(Buffer.from('small'));
  log.push(await next());
  ws.ping('there');
  log.push(await next());
  ws.send('ping me');
  log.push(await next(), await next());

  for (let i = 0; i < MANY; i++) ws.send(String(i));
  let inOrder = 0;
  while (inOrder < MANY && (await next())[1] === String(inOrder)) inOrder++;
  log.push(['in order', inOrder]);

  ws.close(4000, 'done');
  log.push(await next());

  for (const order of ['close me', 'terminate me']) {
    const other = await dial(WebSocket, address);
    other.ws.send(order);
    log.push([order, ...(await other.next())]);
  }

  const last = await dial(WebSocket, address);
  last.ws.terminate();
  log.push(['terminate()', ...(await last.next())]);
  return log;
}

/** Opens a connection; `next()` resolves with the next event. */
async function dial(WebSocket, address) {
  const ws = new WebSocket(address);
  const events = [];
  const waiting = [];

  const hear = (...event) => {
    const first = waiting.shift();
    if (first) first(event);
    else events.push(event);
  };
  const next = async () =>
    events.shift() ?? new Promise((resolve) => waiting.push(resolve));

  ws.on('message', (data, isBinary) => {
    const long = data.length > 100;
    hear('message', long ? data : data.toString(), isBinary);
  });
  ws.on('ping', (data) => hear('ping', data.toString()));
  ws.on('pong', (data) => hear('pong', data.toString()));
  ws.on('close', (code, reason) => hear('close', code, reason.toString()));
  await once(ws, 'open');
  return { next, ws };
}

async function main(what, library, ...addresses) {
  const lib = require(path.resolve(library));

  if (what === 'serve') {
    console.log(JSON.stringify(await serve(lib)));
    return;
  }

  for (const address of addresses) {
    console.log(JSON.stringify(await talk(lib, address)));
  }
}

module.exports = { talk };

if (require.main === module) main(...process.argv.slice(2));
