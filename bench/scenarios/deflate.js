'use strict';

// permessage-deflate: JSON of several kinds, every message compressed both ways,
// at default levels. Fresh is without context takeover, for both sides.

const contexts = [
  { suffix: '', mode: 'fresh', takeover: {}, how: 'no context takeover' },
  {
    suffix: '-takeover',
    mode: 'takeover',
    takeover: { takeover: true },
    how: 'context takeover'
  }
];

/** A scenario for each of both. */
function both(name, title, make) {
  return contexts.map(({ suffix, mode, takeover, how }) => {
    const { load, flags = [], ...scenario } = make(mode);
    return {
      name: `${name}${suffix}`,
      title: `${title}, ${how}`,
      feature: 'deflate',
      flags: ['--deflate', mode, ...flags],
      load: { ...load, ...takeover },
      ...scenario
    };
  });
}

function echo(size, bound) {
  return () => ({
    kind: 'deflate',
    server: 'echo',
    load: { scenario: 'deflate', connections: 100, size },
    figure: 'cpu',
    targets: [
      { to: 'ws', bound },
      { to: 'best', bound: 0.9 },
      { figure: 'wire', to: 'ws', bound: 1.05 }
    ]
  });
}

const deflate = [
  ...both('deflate-64', '64 B of JSON, 100 connections', echo(64, 0.12)),
  ...both('deflate-1k', '1 KiB of JSON, 100 connections', echo(1024, 0.12)),
  ...both('deflate-16k', '16 KiB of JSON, 100 connections', echo(16_384, 0.4)),
  ...both('deflate-large', '1 MiB of JSON, 4 connections', () => ({
    kind: 'deflate-large',
    server: 'echo',
    flags: ['--delay'],
    load: { scenario: 'deflate', connections: 4, size: 1_048_576 },
    figure: 'delay',
    targets: [{ bound: 10 }]
  })),
  ...both(
    'deflate-idle',
    '10 000 connections after 4 messages of 1 KiB each',
    (mode) => ({
      kind: 'deflate-idle',
      server: 'echo',
      load: { scenario: 'deflate-idle', connections: 10_000, size: 1024 },
      quick: { connections: 300 },
      figure: 'rss',
      targets: [
        { to: 'ws', bound: mode === 'fresh' ? 0.3 : 0.5 },
        { figure: 'back', bound: 1.2 }
      ]
    })
  )
];

module.exports = { deflate };
