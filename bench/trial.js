'use strict';

// One trial: a scenario, on a fresh process of one contestant. Resolves to the
// trial's figures, or fails with what went wrong.

const { startClient, startServer } = require('./contestants');
const generator = require('./generator');

const ANSWER = 30_000; // milliseconds a process under test gets for an answer
const PATIENCE = 60_000; // and a load generator, beyond its own time
const SETTLE = 500; // until a server has seen that its connections have gone
const IDLE_AFTER = 3000; // milliseconds

/** Connections opened and dropped before memory is first read. */
const WARM_CONNECTIONS = 200;

async function trial(contestant, scenario, settings) {
  const course = new Course(contestant, scenario, settings);
  try {
    return await measurement(scenario)(course, scenario.load, settings);
  } catch (error) {
    throw course.explain(error);
  } finally {
    course.clear();
  }
}

function measurement({ client, server }) {
  if (client) return receive;
  return server === 'idle' ? idle : exchange;
}

/** The processes of a trial. */
class Course {
  constructor(contestant, scenario, { seconds, warmup }) {
    this.contestant = contestant;
    this.scenario = scenario;
    this.times = { seconds, warmup };
    this.tested = null;
    this.started = [];
  }

  /** Starts the contestant's server; resolves to it and to its port. */
  async server() {
    const { child, hello } = await startServer(this.contestant, this.scenario);
    this.test(child);
    return [child, hello.port];
  }

  /** Starts the contestant's client. */
  async client(port) {
    const { contestant, scenario } = this;
    const { child } = await startClient(contestant, scenario, port);
    this.test(child);
    return child;
  }

  test(child) {
    this.tested = child;
    this.started.push(child);
  }

  /** Starts a load generator. */
  load(parameters) {
    const child = generator.start({ ...parameters, ...this.times });
    this.started.push(child);
    return child;
  }

  /** That the load failed may be the doing of the process under test. */
  explain(error) {
    const words = this.tested?.stderr.trim();
    if (!words || error.message.includes(words)) return error;
    return new Error(`${error.message}\n${this.tested.name} said:\n${words}`);
  }

  /** Ends what still runs. Those that have ended already are not affected. */
  clear() {
    for (const child of this.started) child.kill();
  }
}

/** The server answers messages. */
async function exchange(course, parameters, settings) {
  const [server, port] = await course.server();
  const load = course.load({ ...parameters, port });
  const figures = await period(server, load, settings);
  await load.end();
  await server.end();
  return figures;
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

/** Messages are exchanged; nothing is under way when CPU time is read. */
async function period(tested, load, { seconds, warmup }) {
  await load.hear(PATIENCE + warmup * 1000);
  const before = await tested.ask('cpu', ANSWER);
  const report = await load.ask('go', PATIENCE + seconds * 1000);
  const after = await tested.ask('cpu', ANSWER);

  const user = after.cpu.user - before.cpu.user;
  const system = after.cpu.system - before.cpu.system;
  return {
    cpu: (user + system) / report.messages,
    rate: report.messages / report.seconds,
    ...latency(report),
    rss: after.rss,
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

/** Connections are held; memory is read with and without them. */
async function idle(course, parameters) {
  const [server, port] = await course.server();

  // What the first connections bring with them, code above all, is not theirs.
  const connections = Math.min(WARM_CONNECTIONS, parameters.connections);
  const warm = course.load({ ...parameters, port, connections });
  await warm.hear(PATIENCE);
  await warm.end();
  await new Promise((resolve) => setTimeout(resolve, SETTLE));

  const { memory: empty } = await server.ask('memory', ANSWER);
  const load = course.load({ ...parameters, port });
  await load.hear(PATIENCE);
  // A connection is idle when what opening it set off is over.
  await new Promise((resolve) => setTimeout(resolve, IDLE_AFTER));
  const { memory: full } = await server.ask('memory', ANSWER);
  await load.end();
  await server.end();

  const each = (size) => (size(full) - size(empty)) / parameters.connections;
  return {
    memory: each((it) => it.heapUsed + it.rss - it.heapResident),
    memoryRss: each((it) => it.rss),
    memoryHeap: each((it) => it.heapUsed + it.external),
    rss: full.rss
  };
}

module.exports = { trial };
