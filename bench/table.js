'use strict';

// What is printed at the end.

const { MEMORY, figures } = require('./scenarios');

/** A share of one core; above it a process has no time left to wait. */
const SATURATED = 0.9;

const header = [
  'scenario',
  'library',
  'CPU µs/msg (min–max)',
  'msg/s',
  'p50 µs',
  'p99 µs',
  'RSS MiB',
  'busy',
  'load busy'
];

const idleHeader = [
  'scenario',
  'library',
  'KiB/connection (min–max)',
  'by RSS alone',
  'JS heap + external',
  'RSS MiB'
];

const ratioHeader = ['scenario', 'ratio of', '', '(min–max)', 'target', ''];

/** `results` are those of run.js; returns text. */
function render(results) {
  const exchanged = results.filter((it) => it.scenario.figure !== MEMORY);
  const idle = results.filter((it) => it.scenario.figure === MEMORY);
  const ratios = results.flatMap(ratioRows);
  const parts = [
    [header, exchanged.flatMap((it) => rows(it, exchangeCells))],
    [idleHeader, idle.flatMap((it) => rows(it, idleCells))],
    [ratioHeader, ratios]
  ];
  return parts
    .filter(([, body]) => body.length > 0)
    .map(([head, body]) => grid([head, ...body]))
    .concat(exchanged.flatMap(bottlenecks))
    .join('\n\n');
}

/** Where the load generator, not what it loads, may have set the pace. */
function bottlenecks({ scenario, entries }) {
  return entries
    .filter(({ failure, summary }) => {
      if (failure) return false;
      const { busy, loadBusy } = summary;
      return loadBusy.median > Math.max(SATURATED, busy.median);
    })
    .map(
      ({ contestant }) =>
        `${scenario.name}, ${contestant.name}: the load generator was busier ` +
        'than what it loads; msg/s and latency are what both can do together'
    );
}

function rows({ scenario, entries }, cells) {
  return entries.map(({ contestant, failure, summary }) => [
    scenario.name,
    contestant.name,
    ...(failure ? ['failed'] : cells(summary))
  ]);
}

function exchangeCells({ cpu, rate, p50, p99, rss, busy, loadBusy }) {
  return [
    spread(cpu),
    Math.round(rate.median).toLocaleString('en').replaceAll(',', ' '),
    p50 ? digits(p50.median) : '–',
    p99 ? digits(p99.median) : '–',
    mebibytes(rss),
    percent(busy),
    percent(loadBusy)
  ];
}

function idleCells({ memory, memoryRss, memoryHeap, rss }) {
  return [
    spread(memory, 1024),
    digits(memoryRss.median / 1024),
    digits(memoryHeap.median / 1024),
    mebibytes(rss)
  ];
}

function ratioRows({ scenario, comparisons }) {
  return comparisons.map(({ name, reference, figure, ...it }) => [
    scenario.name,
    `${figures[figure].title}, ${name} / ${reference}`,
    it.ratio.toFixed(2),
    `(${it.min.toFixed(2)}–${it.max.toFixed(2)})`,
    it.target === null ? '–' : `${sign(figure)} ${it.target}`,
    it.met === null ? '' : it.met ? 'met' : 'missed'
  ]);
}

function sign(figure) {
  return figures[figure].better === 'less' ? '≤' : '≥';
}

function spread({ median, min, max }, unit = 1) {
  const [a, b, c] = [median, min, max].map((value) => digits(value / unit));
  return `${a} (${b}–${c})`;
}

function mebibytes({ median }) {
  return (median / 1024 ** 2).toFixed(0);
}

function percent({ median }) {
  return `${(median * 100).toFixed(0)} %`;
}

/** Three digits, or all that stand before the point. */
function digits(value) {
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
}

/** The first two columns flush left, the others flush right. */
function grid(lines) {
  const width = lines[0].map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length))
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column < 2 ? cell.padEnd(width[column]) : cell.padStart(width[column])
        )
        .join('  ')
        .trimEnd()
    )
    .join('\n');
}

module.exports = { render };
