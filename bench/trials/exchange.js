'use strict';

// Messages are exchanged, and counted against the CPU time of the process under
// test.

const { ANSWER, PATIENCE } = require('./patience');

/** The server answers messages. */
async function exchange(course, parameters, settings) {
  const [server, port] = await course.server();
  const load = course.load({ ...parameters, port });
  const figures = await period(server, load, settings);
  await load.end();
  await server.end();
  return figures;
}

/** One message to all: its latency is the time until the last one has it. */
async function announce(course, parameters, settings) {
  const { p50, ...figures } = await exchange(course, parameters, settings);
  return { last: p50 / 1000, ...figures };
}

/** The client receives messages, from a load generator that is the server. */
async function receive(course, parameters, settings) {
  const load = course.load(parameters);
  const { port } = await load.hear(ANSWER);
  const client = await course.client(port);
  const figures = await period(client, load, settings);
  await client.end();
  await load.end();
  return figures;
}

/** Nothing is under way when CPU time is read. */
async function period(tested, load, { seconds, warmup }) {
  await load.hear(PATIENCE + warmup * 1000);
  const before = await tested.ask('cpu', ANSWER);
  const report = await load.ask('go', PATIENCE + seconds * 1000);
  const { cpu, rss, ...others } = await tested.ask('cpu', ANSWER);

  const user = cpu.user - before.cpu.user;
  const system = cpu.system - before.cpu.system;
  return {
    cpu: (user + system) / report.messages,
    rate: report.messages / report.seconds,
    ...latency(report),
    ...wire(report),
    ...others,
    rss,
    userShare: user / (user + system),
    busy: (user + system) / 1e6 / report.seconds,
    loadBusy: report.cpuSeconds / report.seconds,
    messages: report.messages,
    seconds: report.seconds
  };
}

/** There is none where nothing comes back. */
function latency({ p50Micros, p99Micros, p999Micros }) {
  if (p50Micros === null) return {};
  return { p50: p50Micros, p99: p99Micros, p999: p999Micros };
}

/** Bytes of a compressed message from the server. */
function wire({ wireBytes, messages }) {
  return wireBytes === null ? {} : { wire: wireBytes / messages };
}

module.exports = { announce, exchange, receive };
