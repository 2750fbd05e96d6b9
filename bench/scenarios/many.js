'use strict';

// Many connections: at rest, a few of them active, and one message for all.

/** One connection in ten sends. */
const growth = [10, 100, 1000, 10_000].map((connections) => ({
  name: `growth-${connections}`,
  title: `64 B text echo, ${connections} connections, one in ten active`,
  server: 'echo',
  load: { scenario: 'echo', connections, active: connections / 10, size: 64 },
  quick: { connections: Math.min(connections, 500), active: 1 },
  figure: 'cpu',
  targets: connections === 10_000 ? [{ from: 'growth-100', bound: 1.5 }] : []
}));

const many = [
  {
    name: 'idle',
    title: '10 000 idle connections, after garbage collection',
    kind: 'idle',
    server: 'idle',
    load: { scenario: 'idle', connections: 10_000 },
    quick: { connections: 500 },
    figure: 'memory',
    targets: [
      { bound: 1.5 },
      { to: 'ws', bound: 0.45 },
      { to: 'bun', bound: 1 }
    ]
  },
  {
    name: 'announce',
    title: 'one 64 B text to 10 000 clients, again and again',
    kind: 'announce',
    server: 'announce',
    load: { scenario: 'announce', connections: 10_000, size: 64 },
    quick: { connections: 500 },
    figure: 'last',
    targets: [
      { to: 'ws', bound: 0.6 },
      { figure: 'blocked', to: 'ws', bound: 0.5 }
    ]
  },
  ...growth
];

module.exports = { many };
