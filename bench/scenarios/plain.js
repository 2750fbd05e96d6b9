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
    ...broadcast,
    name: 'broadcast',
    targets: [
      { to: 'ws', bound: 35 },
      { to: 'bun', bound: 1.3 }
    ]
  },
  {
    name: 'lone',
    title: '64 B text echo, one connection, depth 1',
    server: 'echo',
    load: { scenario: 'lone', size: 64 },
    figure: 'p50',
    targets: [
      { to: 'ws', bound: 0.85 },
      { to: 'best', bound: 1.05 }
    ]
  },
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
    name: 'storm',
    title:
      'connect, echo once, close; 100 at a time; a message is a connection',
    server: 'echo',
    load: { scenario: 'storm', connections: 100, size: 64 },
    figure: 'rate',
    targets: [{ to: 'ws', bound: 1.15 }]
  }
];

module.exports = { plain };
