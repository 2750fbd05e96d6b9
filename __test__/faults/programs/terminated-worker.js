'use strict';

// Terminates workers whose servers write: LIBRARY small|large|compressed ROUNDS. For each, it prints how many frames
// arrived and what was wrong with them; at the end, how many descriptors were open before and after.

const { once } = require('node:events');
const fs = require('node:fs');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const zlib = require('node:zlib');

const { RawClient } = require('../../support/raw-client');

const [, , library, what, rounds] = process.argv;
const PEERS = 10;
const LENGTH = { compressed: 100_000, large: 100_000, small: 100 }[what];
const isCompressed = what === 'compressed';

if (isMainThread) main();
else serve();

/** Has its connections be written to in each turn. A message is its number, and padded. */
function serve() {
  const { WebSocketServer } = require(library);
  const wss = new WebSocketServer(
    {
      host: '127.0.0.1',
      perMessageDeflate: isCompressed && { serverNoContextTakeover: true },
      port: 0
    },
    () => parentPort.postMessage(wss.address().port)
  );

  wss.on('connection', (ws) => {
    let number = 0;
    const write = () => {
      for (let i = 0; i < 10 && ws.bufferedAmount < 1e6; i++) {
        ws.send(`${number++} `.padEnd(LENGTH, 'x'));
      }
      setImmediate(write);
    };
    write();
  });
}

/** All frames in what a peer has received; the rest is to be the beginning of one. */
function* framesIn(bytes) {
  for (let at = 0; at + 10 <= bytes.length;) {
    const length7 = bytes[at + 1];
    let begin = at + 2;
    let length = length7;
    if (length7 === 126) length = bytes.readUInt16BE((begin += 2) - 2);
    if (length7 === 127) {
      length = Number(bytes.readBigUInt64BE((begin += 8) - 8));
    }
    at = begin + length;
    if (at > bytes.length) return;
    yield bytes.subarray(begin, at);
  }
}

async function terminateOne() {
  const worker = new Worker(__filename, { argv: process.argv.slice(2) });
  const [port] = await once(worker, 'message');
  const headers = isCompressed && {
    'Sec-WebSocket-Extensions': 'permessage-deflate'
  };
  const clients = [];
  const wrong = [];
  let frames = 0;

  for (let i = 0; i < PEERS; i++) {
    const client = await RawClient.open(port, { headers });
    // It is not searched while more comes.
    client.socket.removeAllListeners('data');
    client.chunks = [client.received];
    client.socket.on('data', (chunk) => client.chunks.push(chunk));
    clients.push(client);
  }
  const ends = clients.map(
    ({ socket }) => new Promise((resolve) => socket.on('close', resolve))
  );
  // All have messages, and more are under way.
  for (const { chunks } of clients) {
    while (chunks.length < 5) await new Promise(setImmediate);
  }
  await worker.terminate();
  await Promise.all(ends);

  for (const { chunks } of clients) {
    let number = 0;
    for (const payload of framesIn(Buffer.concat(chunks))) {
      const expected = `${number++} `.padEnd(LENGTH, 'x');
      const text = isCompressed ? inflated(payload) : payload.toString();
      if (text !== expected) wrong.push([number, text.slice(0, 20)]);
      frames++;
    }
  }
  console.log(JSON.stringify({ frames, wrong }));
}

function inflated(payload) {
  return zlib
    .inflateRawSync(Buffer.concat([payload, Buffer.from('0000ffff', 'hex')]), {
      finishFlush: zlib.constants.Z_SYNC_FLUSH
    })
    .toString();
}

async function main() {
  const openNow = () => fs.readdirSync('/proc/self/fd').length;
  const before = openNow();

  for (let round = 0; round < Number(rounds); round++) await terminateOne();
  console.log(JSON.stringify({ after: openNow(), before }));
}
