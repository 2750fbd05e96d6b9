'use strict';

// One trial: a scenario, on a fresh process of one contestant. Resolves to the
// trial's figures, or fails with what went wrong.

const { startClient, startServer } = require('./contestants');
const generator = require('./generator');

const { announce, exchange, receive } = require('./trials/exchange');
const { deflateIdle, idle } = require('./trials/idle');
const { install } = require('./trials/install');

/** What is done and read, by the kind of the scenario. */
const measurements = {
  announce,
  exchange,
  receive,
  deflate: exchange,
  'deflate-large': exchange,
  idle,
  'deflate-idle': deflateIdle,
  install
};

async function trial(contestant, scenario, settings) {
  const course = new Course(contestant, scenario, settings);
  try {
    const measure = measurements[scenario.kind];
    return await measure(course, scenario.load, settings);
  } catch (error) {
    throw course.explain(error);
  } finally {
    course.clear();
  }
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

module.exports = { trial };
