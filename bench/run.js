'use strict';

// npm run bench: races servers with each other. See README.md for what the
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

  const field = await assemble(settings.libs);
  const trials = settings.scenarios.length * settings.rounds * field.length;
  const progress = new Progress(trials);
  const results = [];
  for (const scenario of settings.scenarios) {
    results.push(await race(scenario, field, settings, progress));
  }
  progress.clear();

  const machine = describeMachine();
  console.log(
    `${machine.cpus} × ${machine.cpu}, ${machine.system}, Node ${machine.node}`
  );
  for (const { name, version } of field) {
    console.log(`${name}: ${version ?? 'version unknown'}`);
  }
  console.log(`\n${render(results)}`);
  if (settings.json) writeJson(settings, machine, field, results);
}

/** The contestants that can race; the others are named, with the reason. */
async function assemble(libs) {
  const field = [];
  for (const contestant of contestants(libs)) {
    try {
      field.push({ ...contestant, version: await probe(contestant) });
    } catch (error) {
      fail(`${contestant.name} does not race. ${error.message}`);
    }
  }
  if (field.length === 0) throw new Error('nobody can race');
  return field;
}

/** One scenario: all rounds, in each of which every contestant has one trial. */
async function race(scenario, field, settings, progress) {
  const parameters = settings.quick
    ? { ...scenario, load: { ...scenario.load, ...scenario.quick } }
    : scenario;
  const entries = field.map((contestant) => ({ contestant, trials: [] }));
  for (let round = 0; round < settings.rounds; round++) {
    // Whoever goes first goes last in the next round.
    const order = round % 2 ? [...entries].reverse() : entries;
    for (const entry of order) {
      const { name } = entry.contestant;
      progress.step(`${scenario.name}, round ${round + 1}, ${name}`);
      if (entry.failure) continue;
      try {
        entry.trials.push(await trial(entry.contestant, parameters, settings));
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
  return {
    scenario: parameters,
    entries,
    comparisons: ratios(scenario, entries)
  };
}

/** Everybody's ratio to the last contestant. The targets are those of Ferrows / ws. */
function ratios(scenario, entries) {
  const reference = entries.at(-1);
  if (reference.failure) return [];
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
    system: `${os.type()} ${os.release()}`,
    node: process.versions.node
  };
}

function writeJson(settings, machine, field, results) {
  const { rounds, seconds, warmup, quick } = settings;
  const json = {
    date: new Date().toISOString(),
    machine,
    settings: { rounds, seconds, warmup, quick },
    contestants: field.map(({ name, version }) => ({ name, version })),
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
