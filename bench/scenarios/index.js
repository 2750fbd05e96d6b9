'use strict';

// What is raced: for each scenario the part of the process under test (a server
// or a client, and flags for it), the load generator's part, the figure that the
// race is about, and the target for Ferrows / ws.

const CPU = 'cpu';
const RATE = 'rate';
const P50 = 'p50';
const MEMORY = 'memory';

/** The figures of a trial; `better` says which end of the scale one wants. */
const figures = {
  [CPU]: { title: 'CPU µs/msg', better: 'less' },
  [RATE]: { title: 'msg/s', better: 'more' },
  [P50]: { title: 'p50 µs', better: 'less' },
  p99: { title: 'p99 µs', better: 'less' },
  [MEMORY]: { title: 'memory per connection', better: 'less' }
};

const plain = [
  {
    name: 'echo-1',
    title: '64 B text echo, 100 connections, depth 1',
    server: 'echo',
    load: { scenario: 'echo', connections: 100, depth: 1, size: 64 },
    figure: CPU,
    target: 0.45
  },
  {
    name: 'echo-10',
    title: '64 B text echo, 100 connections, depth 10',
    server: 'echo',
    load: { scenario: 'echo', connections: 100, depth: 10, size: 64 },
    figure: CPU,
    target: 0.15
  },
  {
    name: 'broadcast',
    title: '64 B text, every client to all 100; a message is one received',
    server: 'broadcast',
    load: { scenario: 'broadcast', connections: 100, depth: 1, size: 64 },
    figure: RATE,
    target: 20
  },
  {
    name: 'lone',
    title: '64 B text echo, one connection, depth 1',
    server: 'echo',
    load: { scenario: 'lone', size: 64 },
    figure: P50,
    target: 1
  },
  {
    name: 'idle',
    title: '5 000 idle connections, after garbage collection',
    server: 'idle',
    load: { scenario: 'idle', connections: 5000 },
    quick: { connections: 500 },
    figure: MEMORY,
    target: 0.6
  },
  {
    name: '16k',
    title: '16 KiB binary echo, 10 connections, depth 1',
    server: 'echo',
    load: { scenario: 'echo', connections: 10, size: 16384, binary: true },
    figure: CPU
  },
  {
    name: '1m',
    title: '1 MiB binary echo, 4 connections, depth 1',
    server: 'echo',
    load: { scenario: 'echo', connections: 4, size: 1048576, binary: true },
    figure: CPU
  },
  {
    name: 'storm',
    title:
      'connect, echo once, close; 100 at a time; a message is a connection',
    server: 'echo',
    load: { scenario: 'storm', connections: 100, size: 64 },
    figure: RATE
  }
];

const scenarios = [
  ...plain,
  ...onStreams('tls', 'over TLS 1.3', ['--tls'], { tls: true }, [0.9, 0.4, 8]),
  ...onStreams(
    'stream',
    "with transport: 'stream'",
    ['--transport', 'stream'],
    {},
    [0.8, 0.25, 15]
  ),
  {
    name: 'client-receive',
    title: '64 B text, received by a client as fast as it can',
    client: 'receive',
    load: { scenario: 'serve', connections: 1, size: 64 },
    figure: CPU,
    target: 0.4
  }
];

/** The three scenarios of small messages, on connections whose bytes a stream moves. */
function onStreams(prefix, how, flags, load, targets) {
  return ['echo-1', 'echo-10', 'broadcast'].map((name, index) => {
    const scenario = plain.find((each) => each.name === name);
    return {
      ...scenario,
      name: `${prefix}-${name}`,
      title: `${scenario.title}, ${how}`,
      flags,
      load: { ...scenario.load, ...load },
      target: targets[index]
    };
  });
}

module.exports = { MEMORY, figures, scenarios };
