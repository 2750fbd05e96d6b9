'use strict';

// npm run soak: traffic of all kinds for a long time; nothing may be lost, doubled or reordered,
// and no memory, descriptor or handle may be left behind. See README.md.

const { fork } = require('node:child_process');
const path = require('node:path');

const options = require('./options');
const { line, title } = require('./progress');
const { judge } = require('./verdict');

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Milliseconds in which a process has to answer, and in which the last one has to leave. */
const PATIENCE = 90 * SECOND;
/** In a short run there are so many reports, enough for the first to be compared with the last. */
const REPORTS = 16;
/** Of all clients. */
const SHARE = { ferrows: 0.45, ws: 0.45, mob: 0.1 };

class Process {
  constructor(name, file) {
    this.name = name;
    this._waiting = new Map();
    this._questions = 0;
    this._child = fork(path.join(__dirname, file), {
      execArgv: ['--expose-gc']
    });
    this._child.on('message', ({ id, answer }) => {
      this._waiting.get(id).resolve(answer);
      this._waiting.delete(id);
    });
    this._child.on('exit', (code, signal) => {
      const error = new Error(`${name} ended with ${signal ?? code}`);
      for (const { reject } of this._waiting.values()) reject(error);
      this.failure = error;
    });
  }

  async ask(ask, argument) {
    if (this.failure) throw this.failure;
    const id = this._questions++;
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        this._waiting.set(id, { resolve, reject });
        this._child.send({ id, ask, argument });
        timer = setTimeout(
          () => reject(new Error(`${this.name} does not answer "${ask}"`)),
          PATIENCE
        );
      });
    } finally {
      clearTimeout(timer);
    }
  }

  end() {
    this._child.kill('SIGKILL');
  }
}

async function soak({ minutes, clients, rate, sabotage }, processes) {
  const started = performance.now();
  const { server, ferrows, ws, mob } = processes;
  const ports = await server.ask('listen', { sabotaged: sabotage });
  const reports = async () => {
    const all = Object.entries(processes).map(async ([name, one]) => [
      name,
      await one.ask('report')
    ]);
    return Object.fromEntries(await Promise.all(all));
  };
  const crowd = (library) => ({
    library,
    ports,
    clients: Math.round(clients * SHARE[library]),
    rate: rate / 2
  });
  const loaded = [];
  const stay = async (time) => {
    loaded.length = 0;
    await Promise.all([
      ferrows.ask('join', crowd('ferrows')),
      ws.ask('join', crowd('ws')),
      mob.ask('join', { ports, clients: Math.round(clients * SHARE.mob) })
    ]);
    const end = performance.now() + time;
    const step = Math.min(MINUTE, (minutes * MINUTE) / REPORTS);
    while (performance.now() < end - step / 2) {
      await sleep(Math.min(step, end - performance.now()));
      loaded.push(await reports());
      console.log(line(performance.now() - started, loaded.at(-1)));
    }
    await Promise.all([ferrows, ws, mob].map((one) => one.ask('leave')));
    return settled(reports);
  };

  console.log(title);
  const warmUp = Math.min(5, minutes / 4) * MINUTE;
  const before = await stay(warmUp);
  console.log(line(performance.now() - started, before, 'warm, all left'));
  const after = await stay(minutes * MINUTE - warmUp);
  console.log(line(performance.now() - started, after, 'all left'));
  return judge(before, loaded, after, performance.now() - started);
}

/** The reports when the server has nothing to do any more; or as they are when it takes too long. */
async function settled(reports) {
  const end = performance.now() + 20 * SECOND;
  let last = await reports();
  for (let same = 0; same < 5 && performance.now() < end;) {
    await sleep(SECOND / 2);
    const next = await reports();
    const isSame =
      next.server.open === 0 &&
      Object.keys(next).every(
        (name) => next[name].descriptors === last[name].descriptors
      );
    same = isSame ? same + 1 : 0;
    last = next;
  }
  return last;
}

function sleep(time) {
  return new Promise((resolve) => setTimeout(resolve, time));
}

async function main(args) {
  const settings = options.parse(args);
  if (settings.help) return console.log(options.usage);
  const processes = {
    server: new Process('server', 'server.js'),
    ferrows: new Process('clients of ferrows', 'crowd.js'),
    ws: new Process('clients of ws', 'crowd.js'),
    mob: new Process('clients that misbehave', 'mob.js')
  };
  try {
    const { text, passed } = await soak(settings, processes);
    console.log(text);
    process.exitCode = passed ? 0 : 1;
  } finally {
    for (const one of Object.values(processes)) one.end();
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
