'use strict';

// What a trial measures: the title of each figure, which end of the scale one
// wants (`better`), and how it is shown (`unit`: what it is divided by; `sign`:
// what stands behind it; `whole`: without decimals).

const KIB = 1024;
const MIB = 1024 ** 2;

const figures = {
  cpu: { title: 'CPU µs/msg', better: 'less' },
  rate: { title: 'msg/s', better: 'more', whole: true },
  p50: { title: 'p50 µs', better: 'less' },
  p99: { title: 'p99 µs', better: 'less' },
  p999: { title: 'p99.9 µs', better: 'less' },
  wire: { title: 'B/msg', better: 'less' },
  delay: { title: 'loop p99 ms', better: 'less' },
  rss: { title: 'RSS MiB', better: 'less', unit: MIB, whole: true },
  busy: { title: 'busy', better: 'less', unit: 0.01, whole: true, sign: ' %' },
  loadBusy: {
    title: 'load busy',
    better: 'less',
    unit: 0.01,
    whole: true,
    sign: ' %'
  },
  memory: { title: 'KiB/connection', better: 'less', unit: KIB },
  memoryRss: { title: 'by RSS alone', better: 'less', unit: KIB },
  memoryHeap: { title: 'JS heap + external', better: 'less', unit: KIB },
  rssStart: { title: 'at the start', better: 'less', unit: MIB, whole: true },
  rssAfter: { title: 'after closing', better: 'less', unit: MIB, whole: true },
  last: { title: 'to the last ms', better: 'less' },
  blocked: { title: 'loop blocked ms', better: 'less' },
  install: { title: 'npm install s', better: 'less' },
  unpacked: { title: 'unpacked MB', better: 'less', unit: 1e6 },
  load: { title: 'require() ms', better: 'less' },
  back: { title: 'after / start', better: 'less' }
};

/** The figures of a table, by the kind of scenario that it is about. */
const columns = {
  exchange: ['cpu', 'rate', 'p50', 'p99', 'p999', 'rss', 'busy', 'loadBusy'],
  deflate: ['cpu', 'wire', 'rate', 'p50', 'p99', 'rss', 'busy', 'loadBusy'],
  'deflate-large': ['cpu', 'wire', 'delay', 'rate', 'rss', 'busy', 'loadBusy'],
  announce: ['last', 'blocked', 'cpu', 'rss', 'busy', 'loadBusy'],
  install: ['install', 'unpacked', 'load'],
  idle: ['memory', 'memoryRss', 'memoryHeap', 'rss'],
  'deflate-idle': ['rss', 'memoryRss', 'rssStart', 'rssAfter', 'back']
};

module.exports = { columns, figures };
