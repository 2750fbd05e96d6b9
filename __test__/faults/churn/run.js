'use strict';

// Many short connections between a server and its clients, each in a process of its own:
//
//     npm run test:churn -- 1000000
//
// prints how far it is and what was seen; it fails if a connection has received a byte that is not its own, or
// had an error or an end that its way of ending does not explain.

const { spawn } = require('node:child_process');
const path = require('node:path');
const { createInterface } = require('node:readline');

const { files } = require('../../support/libraries');

const AT_ONCE = 100;
const PROGRESS = 60_000;

/** Starts a program of this directory. */
function start(name, ...args) {
  const child = spawn(
    process.execPath,
    [path.join(__dirname, name), ...args.map(String)],
    { stdio: ['pipe', 'pipe', 'inherit'] }
  );
  const lines = createInterface({ input: child.stdout });
  return { child, lines: lines[Symbol.asyncIterator]() };
}

/** The next line of a program. */
async function next({ lines }) {
  const { done, value } = await lines.next();
  if (done) throw new Error('A program of the churn has died');
  return JSON.parse(value);
}

/**
 * Has connections come and go.
 *
 * @param {String} name A library: `'ws'`, `'ferrows'` or `'streams'`
 * @param {Number} count How many
 * @param {Function} [tell] Called once a minute with the same, so far
 * @return {Promise<Object>} What the `clients` and the `server` have seen, and the `seconds`
 */
async function churn(name, count, tell) {
  const server = start('server.js', files[name]);
  let clients;

  try {
    const port = await next(server);
    const begin = process.hrtime.bigint();
    clients = start('clients.js', files[name], port, count, AT_ONCE);
    const timer = setInterval(() => clients.child.stdin.write('\n'), PROGRESS);

    const seconds = () => Number(process.hrtime.bigint() - begin) / 1e9;

    let seen = await next(clients);
    while (!seen.done) {
      server.child.stdin.write('\n');
      const served = await next(server);
      tell?.({ clients: seen, server: served, seconds: seconds() });
      seen = await next(clients);
    }
    clearInterval(timer);

    server.child.stdin.end();
    return { clients: seen, server: await next(server), seconds: seconds() };
  } finally {
    for (const program of [server, clients]) program?.child.kill('SIGKILL');
  }
}

async function main(count) {
  const result = await churn('ferrows', count, (soFar) =>
    console.log(inShort(soFar))
  );
  const { clients, server } = result;
  const complaints = [clients, server].flatMap((end) => [
    ...end.foreign,
    ...end.unexplained
  ]);

  console.log(JSON.stringify(result, null, 2));
  console.log(inShort(result));
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

function inShort({ clients, server, seconds }) {
  const foreign = clients.foreign.length + server.foreign.length;
  const unexplained = clients.unexplained.length + server.unexplained.length;

  return (
    `${clients.visits} connections (${clients.ofLibrary} by its own clients) in ${Math.round(seconds)} s; ` +
    `${clients.bytes + server.bytes} bytes checked, ${foreign} times something of another connection; ` +
    `${unexplained} errors and ends that nothing explains; ${server.lateSends} late sends of the server, ` +
    `descriptors up to ${server.descriptors}`
  );
}

module.exports = { churn };

if (require.main === module) main(Number(process.argv[2] ?? 20_000));
