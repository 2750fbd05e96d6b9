'use strict';

// A process of clients that do not behave.

const child = require('./child');
const { misbehaviours, pathOf } = require('./misbehaviours');
const { Tally } = require('./tally');

/** Milliseconds that a misbehaviour may take, and at most until somebody else comes. */
const PATIENCE = 60_000;
const ABSENCE = 4000;

const names = Object.keys(misbehaviours);
const tally = new Tally();
const counts = { connections: 0, messages: 0, bytes: 0 };
let open = 0;
let isOver = false;

function join({ ports, clients }) {
  isOver = false;
  for (let i = 0; i < clients; i++) misbehave(ports);
}

/** One after the other, as long as it lasts. */
async function misbehave(ports) {
  open++;
  while (!isOver) {
    await rest(Math.random() * ABSENCE);
    const name = names[counts.connections++ % names.length];
    const late = setTimeout(() => {
      tally.add('unexpected', `${name}: nothing for ${PATIENCE} ms`);
    }, PATIENCE);
    try {
      await misbehaviours[name].run(pathOf(name), ports);
    } catch (error) {
      const [what] = error.message.split('\n');
      tally.add('unexpected', `${name}: ${what}`);
    }
    clearTimeout(late);
  }
  open--;
}

const rest = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Answers when nobody is left. */
async function leave() {
  isOver = true;
  while (open > 0) await rest(50);
}

child.serve({ join, leave }, () => ({ ...counts, open, tally }));
