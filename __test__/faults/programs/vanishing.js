'use strict';

// A host that vanishes, in namespaces of the network: LIBRARY ROLE WHAT. It is run in a namespace of its own, and puts a
// second host into another, from where a peer connects or is dialled. Then that host loses its network: no FIN, no RST,
// and no ACK come from it. A heartbeat ends the connection then (WHAT is `heartbeat`), or the kernel does (`gives
// up`). It prints what has happened.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { createInterface } = require('node:readline');

const [, , library, role, what] = process.argv;
const { WebSocket, WebSocketServer } = require(library);

const OURS = '192.0.2.1';
const THEIRS = '192.0.2.2';
const MEBIBYTE = Buffer.alloc(1024 * 1024);

const say = (value) => console.log(JSON.stringify(value));
const ip = (...args) => execFileSync('ip', args);
const turn = () => new Promise(setImmediate);

/** Starts a host in a namespace of its own that runs `source`; `ip()` is that of the host. */
async function startHost(source) {
  const child = spawn('unshare', ['-n', process.execPath, '-e', source], {
    stdio: ['pipe', 'pipe', 'inherit']
  });
  const lines = createInterface({ input: child.stdout });
  const read = () => once(lines, 'line').then(([line]) => line);
  process.on('exit', () => child.kill('SIGKILL'));
  await read();

  const target = ['-t', child.pid, '-n', 'ip'].map(String);
  const ipThere = (...args) => execFileSync('nsenter', [...target, ...args]);
  ip('link', 'add', 'ours', 'type', 'veth', 'peer', 'name', 'theirs');
  ip('link', 'set', 'theirs', 'netns', String(child.pid));
  ip('addr', 'add', `${OURS}/24`, 'dev', 'ours');
  ip('link', 'set', 'ours', 'up');
  ipThere('addr', 'add', `${THEIRS}/24`, 'dev', 'theirs');
  ipThere('link', 'set', 'theirs', 'up');
  return { ip: ipThere, read, write: (line) => child.stdin.write(`${line}\n`) };
}

/** What the other host runs: at the first line, which is a port or nothing, it dials or listens. */
function peer() {
  const { WebSocket, WebSocketServer } = require('ws');
  const echo = (ws) => ws.on('message', (data) => ws.send(data));

  process.stdin.once('data', (line) => {
    if (line.toString() === '\n') {
      const wss = new WebSocketServer({ port: 0 }, () =>
        console.log(wss.address().port)
      );
      wss.on('connection', echo);
    } else {
      echo(new WebSocket(`ws://192.0.2.1:${Number(line)}`));
    }
  });
  console.log('here');
}

/** Connects with the other host and with somebody here: the two connections. */
async function connect(host) {
  const wss = new WebSocketServer({ port: 0 });
  await once(wss, 'listening');
  const { port } = wss.address();

  if (role === 'server') {
    const far = once(wss, 'connection');
    host.write(port);
    const [vanishing] = await far;
    const near = once(wss, 'connection');
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    client.on('message', (data) => client.send(data));
    return [vanishing, (await near)[0]];
  }

  wss.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
  host.write('');
  const both = [
    new WebSocket(`ws://${THEIRS}:${await host.read()}`),
    new WebSocket(`ws://127.0.0.1:${port}`)
  ];
  await Promise.all(both.map((ws) => once(ws, 'open')));
  return both;
}

/** One message there and back. */
async function echo(ws) {
  ws.send('hello');
  return String((await once(ws, 'message'))[0]);
}

/** Sends until the kernel takes no more, and then some. Which of the callbacks got an error is in `results`. */
async function fill(ws) {
  const results = [];
  let count = 0;
  const send = () => {
    count++;
    ws.send(MEBIBYTE, (error) => results.push(Boolean(error)));
  };

  while (ws.bufferedAmount === 0) {
    send();
    await turn();
  }
  for (let i = 0; i < 4; i++) send();
  return { count, results };
}

async function main() {
  ip('link', 'set', 'lo', 'up');
  // The kernel says so after a try and not after fifteen.
  if (what === 'gives up') {
    fs.writeFileSync('/proc/sys/net/ipv4/tcp_retries2', '1');
  }
  const ws = require.resolve('ws');
  const host = await startHost(
    `(${peer})()`.replace("'ws'", JSON.stringify(ws))
  );
  const [vanishing, healthy] = await connect(host);
  const events = [];

  say([await echo(vanishing), await echo(healthy)]);
  vanishing.on('error', (error) => events.push(`error ${error.message}`));
  vanishing.on('close', (code) => events.push(`close ${code}`));
  vanishing.on('pong', () => events.push('pong'));
  const closed = once(vanishing, 'close');

  host.ip('link', 'set', 'theirs', 'down');
  const { count, results } = await fill(vanishing);
  if (what === 'heartbeat') {
    vanishing.ping();
    healthy.ping();
    await once(healthy, 'pong');
    say([await echo(healthy), events, results.includes(true)]);
    vanishing.terminate();
  }
  await closed;
  for (let i = 0; i < 10; i++) await turn();
  say({
    all: results.length === count,
    buffered: vanishing.bufferedAmount,
    events,
    last: results.at(-1)
  });
  say(await echo(healthy));
  process.exit();
}

main();
