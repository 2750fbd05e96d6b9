'use strict';

// Messages as they are, on plain TCP.

/** 64 bytes of text, each connection with one message under way. */
const echo = {
  title: '64 B text echo, 100 connections, depth 1',
  server: 'echo',
  load: { scenario: 'echo', connections: 100, depth: 1, size: 64 },
  figure: 'cpu'
};

const broadcast = {
  title: '64 B text, every client to all 100; a message is one received',
  server: 'broadcast',
  load: { scenario: 'broadcast', connections: 100, depth: 1, size: 64 },
  figure: 'rate'
};

const plain = [
  {
    ...echo,
    name: 'echo-1',
    targets: [
      { to: 'ws', bound: 0.36 },
      { to: 'bun', bound: 0.9 },
      { to: 'floor', bound: 1.2 }
    ]
  },
  {
    ...echo,
    name: 'echo-10',
    title: '64 B text echo, 100 connections, depth 10',
    load: { ...echo.load, depth: 10 },
    targets: [
      { to: 'ws', bound: 0.1 },
      { to: 'bun', bound: 1 },
      { figure: 'rate', to: 'ws', bound: 9 }
    ]
  },
  {
    ...echo,
    name: 'listener',
    title: "the same by addEventListener('message'), with strings",
    server: 'listener',
    targets: [{ to: 'ws', bound: 0.36 }]
  },
  {
    ...broadcast,
    name: 'broadcast',
    targets: [
      { to: 'ws', bound: 35 },
      { to: 'bun', bound: 1.3 }
    ]
  },
  {
    ...broadcast,
    name: 'broadcast-500',
    title: '64 B text, every client to all 500; a message is one received',
    load: { ...broadcast.load, connections: 500 },
    quick: { connections: 100 },
    targets: [
      { to: 'ws', bound: 35 },
      { to: 'bun', bound: 1.3 }
    ]
  },
  {
    name: 'lone',
    title: '64 B text echo, one connection, depth 1',
    server: 'echo',
    apart: true,
    load: { scenario: 'lone', size: 64, spin: true },
    figure: 'p50',
    targets: [
      { to: 'ws', bound: 0.85 },
      { to: 'best', bound: 1.05 }
    ]
  },
  {
    name: 'lone-asleep',
    title: 'the same with a client that sleeps until its answer is there',
    server: 'echo',
    apart: true,
    load: { scenario: 'lone', size: 64 },
    figure: 'p50'
  },
  {
    name: '16k',
    title: '16 KiB binary echo, 10 connections, depth 1',
    server: 'echo',
    load: { scenario: 'echo', connections: 10, size: 16_384, binary: true },
    figure: 'cpu',
    targets: [
      { to: 'ws', bound: 0.2 },
      { to: 'uws', bound: 1 }
    ]
  },
  {
    name: '1m',
    title: '1 MiB binary echo, 4 connections, depth 1',
    server: 'echo',
    load: { scenario: 'echo', connections: 4, size: 1_048_576, binary: true },
    figure: 'cpu',
    targets: [
      { to: 'ws', bound: 0.18 },
      { to: 'uws', bound: 1 }
    ]
  },
  {
    name: 'fragmented',
    title: '1 MiB binary echo in 64 fragments, 4 connections, depth 1',
    server: 'echo',
    load: {
      scenario: 'echo',
      connections: 4,
      size: 1_048_576,
      binary: true,
      fragments: 64
    },
    figure: 'cpu',
    targets: [{ to: 'ws', bound: 0.25 }]
  },
  {
    name: 'storm',
    title:
      'connect, echo once, close; 100 at a time; a message is a connection',
    server: 'echo',
    apart: true,
    load: { scenario: 'storm', connections: 100, size: 64 },
    figure: 'rate',
    targets: [{ to: 'ws', bound: 1.15 }]
  }
];

module.exports = { plain };
