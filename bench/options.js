'use strict';

// The command line of run.js.

const { parseArgs } = require('node:util');
const { everybody } = require('./contestants');
const { scenarios } = require('./scenarios');

const usage = `\
usage: npm run bench [scenario…] [-- option…]

  --quick          one short round of each scenario, ferrows and ws alone if nobody
                   is named: does everything still run?
  --rounds <n>     rounds per scenario (5)
  --seconds <s>    measured seconds per round and library (3)
  --warmup <s>     seconds of load before each measurement (1)
  --libs <a,b,…>   who races (everybody): ws, ferrows or a path to a module with ws's
                   interface; a library on another Node.js, as in ws@node26; a peer
                   (see below); the others are compared with the last
  --aa             race the last library with itself: the differences are noise
  --node <path>    run the libraries on this binary of Node.js (the one that runs this)
  --json <file>    where every figure of every round is written (bench/results/)

everybody: ${everybody.join(' ')}

scenarios: ${scenarios.map(({ name }) => name).join(' ')}`;

const options = {
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  warmup: { type: 'string' },
  libs: { type: 'string' },
  aa: { type: 'boolean', default: false },
  node: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false }
};

const full = { rounds: 5, seconds: 3, warmup: 1 };
const quick = { rounds: 1, seconds: 0.5, warmup: 0.2 };

/** Throws an `Error` whose message is for the user. */
function parse(args) {
  const { values, positionals } = parseArgs({
    args,
    options,
    allowPositionals: true
  });
  const defaults = values.quick ? quick : full;
  const libs = field(values);
  return {
    help: values.help,
    quick: values.quick,
    rounds: number('rounds', values.rounds, defaults.rounds, /^[1-9]\d*$/),
    seconds: number('seconds', values.seconds, defaults.seconds),
    warmup: number('warmup', values.warmup, defaults.warmup),
    libs: values.aa ? [libs.at(-1), libs.at(-1)] : libs,
    node: values.node ?? process.execPath,
    json: values.json,
    scenarios: pick(positionals)
  };
}

function field({ libs, aa, quick }) {
  if (libs) return libs.split(',');
  if (aa) return ['ws'];
  return quick ? ['ferrows', 'ws'] : everybody;
}

function number(name, text, otherwise, form = /^\d+(\.\d+)?$/) {
  if (text === undefined) return otherwise;
  if (!form.test(text)) throw new Error(`--${name}: "${text}" will not do`);
  return Number(text);
}

function pick(names) {
  const unknown = names.find((name) => !scenarios.some((s) => s.name === name));
  if (unknown) throw new Error(`unknown scenario "${unknown}"\n${usage}`);
  if (names.length === 0) return scenarios;
  return scenarios.filter(({ name }) => names.includes(name));
}

module.exports = { parse, usage };
