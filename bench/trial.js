'use strict';

// One trial: a scenario, on a fresh server of one contestant. Resolves to the
// trial's figures, or fails with what went wrong.

const { Child } = require('./child');
const { startServer } = require('./contestants');
const generator = require('./generator');

const ANSWER = 30_000; // milliseconds a server gets for an answer
const PATIENCE = 60_000; // and a load generator, beyond its own time
const SETTLE = 500; // until a server has seen that its connections have gone
const IDLE_AFTER = 3000; // milliseconds

/** Connections opened and dropped before memory is first read. */
const WARM_CONNECTIONS = 200;

async function trial(contestant, scenario, settings) {
  const { child: server, hello } = await startServer(
    contestant,
    scenario.server
  );
  const started = [server];
  const load = (parameters) => {
    const command = generator.command(parameters, hello.port, settings);
    const child = new Child('load generator', command);
    started.push(child);
    return child;
  };
  try {
    const measure = scenario.server === 'idle' ? idle : exchange;
    const figures = await measure(server, load, scenario.load, settings);
    await server.end();
    return figures;
  } catch (error) {
    // That the load failed may be the server's doing.
    const words = server.stderr.trim();
    if (!words || error.message.includes(words)) throw error;
    throw new Error(`${error.message}\n${server.name} said:\n${words}`);
  } finally {
    // Those that have ended already are not affected.
    for (const child of started) child.kill();
  }
}

/** Messages are exchanged; nothing is under way when CPU time is read. */
async function exchange(server, load, parameters, { seconds, warmup }) {
  const client = load(parameters);
  await client.hear(PATIENCE + warmup * 1000);
  const before = await server.ask('cpu', ANSWER);
  const report = await client.ask('go', PATIENCE + seconds * 1000);
  const after = await server.ask('cpu', ANSWER);
  await client.end();

  const user = after.cpu.user - before.cpu.user;
  const system = after.cpu.system - before.cpu.system;
  return {
    cpu: (user + system) / report.messages,
    rate: report.messages / report.seconds,
    p50: report.p50Micros,
    p99: report.p99Micros,
    p999: report.p999Micros,
    rss: after.rss,
    userShare: user / (user + system),
    serverBusy: (user + system) / 1e6 / report.seconds,
    loadBusy: report.cpuSeconds / report.seconds,
    messages: report.messages,
    seconds: report.seconds
  };
}

/** Connections are held; memory is read with and without them. */
async function idle(server, load, parameters) {
  // What the first connections bring with them, code above all, is not theirs.
  const connections = Math.min(WARM_CONNECTIONS, parameters.connections);
  const warm = load({ ...parameters, connections });
  await warm.hear(PATIENCE);
  await warm.end();
  await new Promise((resolve) => setTimeout(resolve, SETTLE));

  const { memory: empty } = await server.ask('memory', ANSWER);
  const client = load(parameters);
  await client.hear(PATIENCE);
  // A connection is idle when what opening it set off is over.
  await new Promise((resolve) => setTimeout(resolve, IDLE_AFTER));
  const { memory: full } = await server.ask('memory', ANSWER);
  await client.end();

  const each = (size) => (size(full) - size(empty)) / parameters.connections;
  return {
    memory: each((it) => it.heapUsed + it.rss - it.heapResident),
    memoryRss: each((it) => it.rss),
    memoryHeap: each((it) => it.heapUsed + it.external),
    rss: full.rss
  };
}

module.exports = { trial };
