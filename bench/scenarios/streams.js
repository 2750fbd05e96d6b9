'use strict';

// Connections whose bytes a stream of Node.js moves, and clients: what only
// libraries with the interface of ws race in.

const { plain } = require('./plain');

const streams = [
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
    kind: 'receive',
    client: 'receive',
    feature: 'client',
    load: { scenario: 'serve', connections: 1, size: 64 },
    figure: 'cpu',
    targets: [{ to: 'ws', bound: 0.4 }]
  }
];

/** The three scenarios of small messages. */
function onStreams(prefix, how, flags, load, bounds) {
  return ['echo-1', 'echo-10', 'broadcast'].map((name, index) => {
    const scenario = plain.find((each) => each.name === name);
    return {
      ...scenario,
      name: `${prefix}-${name}`,
      title: `${scenario.title}, ${how}`,
      feature: prefix,
      flags,
      load: { ...scenario.load, ...load },
      targets: [{ to: 'ws', bound: bounds[index] }]
    };
  });
}

module.exports = { streams };
