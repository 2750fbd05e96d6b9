'use strict';

// The command line of run.js.

const { parseArgs } = require('node:util');
const { sabotages } = require('./sabotage');

const usage = `\
usage: npm run soak -- [option…]

  --minutes <n>      how long, in minutes (60)
  --clients <n>      how many clients at a time (1000)
  --rate <n>         messages that they send in a second, all together (1000)
  --sabotage <name>  has the server do something wrong, to see that it is found:
                     ${Object.keys(sabotages).join(', ')}`;

const options = {
  minutes: { type: 'string', default: '60' },
  clients: { type: 'string', default: '1000' },
  rate: { type: 'string', default: '1000' },
  sabotage: { type: 'string' },
  help: { type: 'boolean', default: false }
};

/** Throws an `Error` whose message is for the user. */
function parse(args) {
  const { values } = parseArgs({ args, options });
  const { sabotage, help } = values;

  if (sabotage !== undefined && !Object.hasOwn(sabotages, sabotage)) {
    throw new Error(`--sabotage: "${sabotage}" will not do`);
  }
  return {
    minutes: number('minutes', values),
    clients: number('clients', values),
    rate: number('rate', values),
    sabotage,
    help
  };
}

function number(name, values) {
  const value = Number(values[name]);
  if (value > 0) return value;
  throw new Error(`--${name}: "${values[name]}" will not do`);
}

module.exports = { parse, usage };
