'use strict';

// Connections are held; memory is read with and without them.

const { ANSWER, PATIENCE } = require('./patience');

/** Connections opened and dropped before memory is first read. */
const WARM_CONNECTIONS = 200;

/** Milliseconds until a server has seen that a few connections have gone. */
const SETTLE = 500;

/** And until it has seen that all have, or that nothing more comes from them. */
const REST = 3000;

/** And until V8 has given back the pages of its heap that nobody needs any more. */
const GIVEN_BACK = 15_000;

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

async function idle(course, parameters, { quick }) {
  const rest = quick ? SETTLE : REST;
  const [server, port] = await course.server();
  const empty = await warm(course, server, port, parameters);
  const full = await hold(course, server, port, parameters, rest);
  await server.end();

  return { ...perConnection(full, empty, parameters), rss: full.rss };
}

/** The same with compressed messages, and with a look at what is left of it. */
async function deflateIdle(course, parameters, { quick }) {
  const rest = quick ? SETTLE : REST;
  const [server, port] = await course.server();
  const empty = await warm(course, server, port, parameters);
  const full = await hold(course, server, port, parameters, rest);
  await pause(quick ? SETTLE : GIVEN_BACK);
  const { memory: after } = await server.ask('memory', ANSWER);
  await server.end();

  return {
    rss: full.rss,
    ...perConnection(full, empty, parameters),
    rssStart: empty.rss,
    rssAfter: after.rss,
    back: after.rss / empty.rss
  };
}

/** What the first connections bring with them, code above all, is not theirs. */
async function warm(course, server, port, parameters) {
  const connections = Math.min(WARM_CONNECTIONS, parameters.connections);
  await hold(course, server, port, { ...parameters, connections }, 0);
  await pause(SETTLE);
  const { memory } = await server.ask('memory', ANSWER);
  return memory;
}

/** Opens connections, waits until they are idle, reads memory and closes them. */
async function hold(course, server, port, parameters, rest) {
  const load = course.load({ ...parameters, port });
  await load.hear(PATIENCE);
  // A connection is idle when what opening it set off is over.
  await pause(rest);
  const { memory } = await server.ask('memory', ANSWER);
  await load.end();
  return memory;
}

function perConnection(full, empty, { connections }) {
  const each = (size) => (size(full) - size(empty)) / connections;
  return {
    memory: each((it) => it.heapUsed + it.rss - it.heapResident),
    memoryRss: each((it) => it.rss),
    memoryHeap: each((it) => it.heapUsed + it.external)
  };
}

module.exports = { deflateIdle, idle };
