'use strict';

// A process of clients that behave, of Ferrows or of ws: they join, talk and leave, and others
// come in their place.

const child = require('./child');
const Client = require('./client');
const { Tally } = require('./tally');

const TICK = 10;
/** Milliseconds over which the first clients come. */
const RAMP = 5000;
/** Clients in a room, counting those of all processes. */
const ROOMS = 30;
/** Milliseconds: of the shortest stay, and what longer ones have more on average. */
const STAY = { least: 2000, more: 30_000 };
/** Milliseconds at most until somebody else comes. */
const ABSENCE = 2000;

/** One of so many clients is over TLS; one of so many offers compression, in one of these ways. */
const TLS_EVERY = 10;
const DEFLATE_EVERY = 3;
const DEFLATE = [
  { threshold: 0 },
  { threshold: 256, clientNoContextTakeover: true },
  { threshold: 256, serverNoContextTakeover: true, serverMaxWindowBits: 10 }
];

const tally = new Tally();
const counts = { connections: 0, messages: 0, bytes: 0 };
let slots = [];
let settings;
let ticking = null;
let due = 0;

function join({ library, ports, clients, rate }) {
  const WebSocket = require(library === 'ferrows' ? '..' : library);
  settings = { WebSocket, ports, rate, library };
  slots = Array.from({ length: clients }, () => ({
    client: null,
    comes: performance.now() + Math.random() * RAMP,
    leaves: Infinity
  }));
  let last = performance.now();

  ticking = setInterval(() => {
    const now = performance.now();
    tick(now, now - last);
    last = now;
  }, TICK);
}

function tick(now, elapsed) {
  for (const slot of slots) {
    if (now > slot.comes) enter(slot, now);
    if (now > slot.leaves) slot.client?.leave();
  }
  // A process that was held up does not make up for all of it.
  due += (settings.rate * Math.min(elapsed, 10 * TICK)) / 1000;
  for (; due >= 1; due--) {
    slots[Math.floor(Math.random() * slots.length)].client?.act();
  }
}

function enter(slot, now) {
  const { WebSocket, ports, library } = settings;
  const index = counts.connections++;
  const isSecure = index % TLS_EVERY === 0;
  const isDeflated = index % DEFLATE_EVERY === 0;
  const room = Math.floor(Math.random() * ROOMS);
  const address = isSecure
    ? `wss://127.0.0.1:${ports[1]}`
    : `ws://127.0.0.1:${ports[0]}`;
  const ws = new WebSocket(`${address}/talk/${library}-${index}?room=${room}`, {
    perMessageDeflate:
      isDeflated && DEFLATE[(index / DEFLATE_EVERY) % DEFLATE.length],
    rejectUnauthorized: false
  });
  const name = `${library} ${index}${isSecure ? ', TLS' : ''}`;

  slot.comes = Infinity;
  slot.leaves = now + STAY.least - Math.log(1 - Math.random()) * STAY.more;
  slot.client = new Client(ws, tally, counts, name, () => {
    slot.client = null;
    slot.leaves = Infinity;
    slot.comes = performance.now() + Math.random() * ABSENCE;
  });
}

/** Has all leave; answers when nobody is left. */
async function leave() {
  clearInterval(ticking);
  ticking = null;
  for (const slot of slots) slot.client?.leave();
  while (slots.some(({ client }) => client !== null)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

child.serve({ join, leave }, () => ({
  ...counts,
  open: slots.filter(({ client }) => client?.isOpen).length,
  tally
}));
