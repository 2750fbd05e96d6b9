'use strict';

// npm run bench: races libraries with each other. See README.md for what the
// figures mean.
//
//   options → contestants → for each scenario, round, contestant: trial
//           → statistics → table, JSON

const fs = require('node:fs');
const os = require('node:os');
const { killAll } = require('./child');
const { contestants, probe } = require('./contestants');
const generator = require('./generator');
const { parse, usage } = require('./options');
const { Progress } = require('./progress');
const { compare, summarize } = require('./statistics');
const { render } = require('./table');
const { trial } = require('./trial');

async function main() {
  const settings = parse(process.argv.slice(2));
  if (settings.help) return console.log(usage);
  generator.build();

  const field = await assemble(settings);
  const starters = (scenario) => field.filter((it) => it.races(scenario));
  const scenarios = settings.scenarios
    .filter((it) => starters(it).length > 0)
    .map((it) => (settings.quick ? quick(it) : it));
  const progress = new Progress(
    settings.rounds * scenarios.flatMap(starters).length
  );
  const results = [];
  for (const scenario of scenarios) {
    const entries = await race(
      scenario,
      starters(scenario),
      settings,
      progress
    );
    const comparisons = ratios(scenario, entries, field.at(-1));
    results.push({ scenario, entries, comparisons });
  }
  progress.clear();

  const machine = describeMachine();
  console.log(`${machine.cpus} × ${machine.cpu}, ${machine.system}`);
  for (const { name, version, node } of field) {
    const platform = node ? `, on Node ${node}` : '';
    console.log(`${name}: ${version ?? 'version unknown'}${platform}`);
  }
  console.log(`\n${render(results)}`);
  if (settings.json) writeJson(settings, machine, field, results);
}

/** The scenario with a smaller load. */
function quick(scenario) {
  return { ...scenario, load: { ...scenario.load, ...scenario.quick } };
}

/** The contestants that can race; the others are named, with the reason. */
async function assemble({ libs, node: binary }) {
  const field = [];
  for (const contestant of contestants(libs, binary)) {
    try {
      const { version, node } = await probe(contestant);
      field.push({ ...contestant, version, node });
    } catch (error) {
      fail(`${contestant.name} does not race. ${error.message}`);
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

/** Everybody's ratio to the last contestant. The targets are those of Ferrows / ws. */
function ratios(scenario, entries, last) {
  const reference = entries.at(-1);
  if (reference.contestant !== last || reference.failure) return [];
  return entries
    .slice(0, -1)
    .filter(({ failure }) => !failure)
    .map(({ contestant, trials }) => {
      const names = [contestant.name, reference.contestant.name];
      const target =
        names.join() === 'ferrows,ws' ? scenario.target : undefined;
      return {
        name: names[0],
        reference: names[1],
        ...compare(scenario.figure, target, trials, reference.trials)
      };
    });
}

function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown processor',
    cpus: cpus.length,
    system: `${os.type()} ${os.release()}`
  };
}

function writeJson(settings, machine, field, results) {
  const { rounds, seconds, warmup, quick } = settings;
  const json = {
    date: new Date().toISOString(),
    machine,
    settings: { rounds, seconds, warmup, quick },
    contestants: field.map(({ name, version, node }) => ({
      name,
      version,
      node
    })),
    results: results.map(({ scenario, entries, comparisons }) => ({
      scenario,
      entries: entries.map(({ contestant, ...entry }) => ({
        contestant: contestant.name,
        ...entry
      })),
      comparisons
    }))
  };
  fs.writeFileSync(settings.json, `${JSON.stringify(json, null, 2)}\n`);
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
