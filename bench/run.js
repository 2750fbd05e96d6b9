'use strict';

// npm run bench: races libraries with each other. See README.md for what the
// figures mean.
//
//   options → contestants → for each scenario, round, contestant: trial
//           → statistics → table, JSON

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { killAll } = require('./child');
const { absent, contestants, everybody, probe } = require('./contestants');
const generator = require('./generator');
const { groupBy } = require('./grouping');
const { parse, usage } = require('./options');
const { Progress } = require('./progress');
const { compare, summarize } = require('./statistics');
const { render } = require('./table');
const { verdicts } = require('./targets');
const { trial } = require('./trial');

const RESULTS = path.join(__dirname, 'results');

async function main() {
  const settings = parse(process.argv.slice(2));
  if (settings.help) return console.log(usage);
  generator.build();

  const field = await assemble(settings);
  const scenarios = settings.scenarios.map((it) =>
    settings.quick ? quick(it) : it
  );
  const starters = (scenario) => {
    return field.filter((it) => !it.lacks(scenario, it.hello));
  };
  const progress = new Progress(
    settings.rounds * scenarios.flatMap(starters).length
  );
  const results = [];
  for (const scenario of scenarios) {
    const starting = starters(scenario);
    if (starting.length === 0) continue;
    const entries = await race(scenario, starting, settings, progress);
    compareAll(scenario, entries, field.at(-1));
    results.push({ scenario, entries });
  }
  progress.clear();

  const machine = describeMachine();
  console.log(`${machine.cpus} × ${machine.cpu}, ${machine.system}`);
  for (const contestant of field) console.log(introduce(contestant, scenarios));
  const judged = verdicts(results);
  console.log(`\n${render(results, judged, field.at(-1).name)}`);
  save(settings, { machine, field, results, judged });
}

/** Who it is, on what it runs, and where it is not found. */
function introduce(contestant, scenarios) {
  const { name, hello } = contestant;
  const platform = hello.node ? `, on Node.js ${hello.node}` : '';
  const reasons = groupBy(scenarios, (it) => contestant.lacks(it, hello));
  const missing = reasons
    .filter(([reason]) => reason)
    .map(([reason, its]) => {
      return `; ${reason}: not in ${its.map((it) => it.name).join(' ')}`;
    });
  return `${name}: ${hello.version ?? 'version unknown'}${platform}${missing.join('')}`;
}

/** The scenario with a smaller load. */
function quick(scenario) {
  return { ...scenario, load: { ...scenario.load, ...scenario.quick } };
}

/** The contestants that can race; the others are named, with the reason. */
async function assemble({ libs, node }) {
  const field = [];
  for (const contestant of contestants(libs, node)) {
    try {
      field.push({ ...contestant, hello: await probe(contestant) });
    } catch (error) {
      fail(`${contestant.name} does not race. ${error.message}`);
    }
  }
  if (libs === everybody) {
    for (const [name, reason] of Object.entries(absent)) {
      console.error(`${name} does not race: ${reason}.`);
    }
  }
  if (field.length === 0) throw new Error('nobody can race');
  return field;
}

/** One scenario: all rounds, in each of which every contestant has one trial. */
async function race(scenario, field, settings, progress) {
  const entries = field.map((contestant) => ({ contestant, trials: [] }));
  for (let round = 0; round < settings.rounds; round++) {
    // Whoever goes first goes last in the next round.
    const order = round % 2 ? [...entries].reverse() : entries;
    for (const entry of order) {
      const { name } = entry.contestant;
      progress.step(`${scenario.name}, round ${round + 1}, ${name}`);
      if (entry.failure) continue;
      try {
        entry.trials.push(await trial(entry.contestant, scenario, settings));
      } catch (error) {
        entry.failure = error.message;
        progress.clear();
        fail(`${scenario.name}: ${error.message}`);
      }
    }
  }
  for (const entry of entries) {
    if (!entry.failure) entry.summary = summarize(entry.trials);
  }
  return entries;
}

/** Everybody's ratio to the last contestant. */
function compareAll({ figure }, entries, last) {
  const reference = entries.at(-1);
  if (reference.contestant !== last || reference.failure) return;
  for (const entry of entries.slice(0, -1)) {
    if (entry.failure || !entry.summary[figure]) continue;
    entry.ratio = compare(figure, entry.trials, reference.trials);
  }
}

function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown processor',
    cpus: cpus.length,
    system: `${os.type()} ${os.release()}`
  };
}

/** Every figure of every round, as JSON. */
function save(settings, { machine, field, results, judged }) {
  const { rounds, seconds, warmup, quick } = settings;
  const date = new Date().toISOString();
  const json = {
    date,
    machine,
    settings: { rounds, seconds, warmup, quick },
    contestants: field.map(({ name, hello }) => ({
      name,
      version: hello.version,
      node: hello.node
    })),
    results: results.map(({ scenario, entries }) => ({
      scenario,
      entries: entries.map(({ contestant, ...entry }) => ({
        contestant: contestant.name,
        ...entry
      }))
    })),
    targets: judged
  };
  const name = `${date.slice(0, 19).replaceAll(':', '-')}.json`;
  const file = settings.json ?? path.join(RESULTS, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`);
  console.error(`Every figure of every round: ${path.relative('', file)}`);
}

/** Something does not run or answers wrongly. The race goes on without it. */
function fail(text) {
  console.error(text);
  process.exitCode = 1;
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143]
]) {
  process.on(signal, () => {
    killAll();
    process.exit(status);
  });
}

main().catch((error) => {
  killAll();
  fail(error.message);
});
