'use strict';

// What is printed at the end: a table for each kind of scenario, and one of the
// targets.

const { columns, figures } = require('./figures');
const { groupBy } = require('./grouping');

/** A share of one core; above it a process has no time left to wait. */
const SATURATED = 0.9;

/**
 * @param {Array<Object>} results Those of run.js
 * @param {Array<Object>} verdicts Those of targets.js
 * @param {String} reference Whom the others are compared with
 * @return {String} The tables
 */
function render(results, verdicts, reference) {
  const kinds = groupBy(results, ({ scenario }) =>
    scenario.kind in columns ? scenario.kind : 'exchange'
  );
  const tables = kinds.map(([kind, its]) => [
    header(columns[kind], reference),
    ...its.flatMap((it) => rows(it, columns[kind]))
  ]);
  if (verdicts.length > 0) {
    tables.push([targetHeader, ...verdicts.map(targetRow)]);
  }
  return tables.map(grid).concat(results.flatMap(bottlenecks)).join('\n\n');
}

/** Where the load generator, not what it loads, may have set the pace. */
function bottlenecks({ scenario, entries }) {
  // One that does not sleep is always busy, and with one message under way it waits.
  if (scenario.load?.spin) return [];

  return entries
    .filter(({ failure, summary }) => {
      if (failure || !summary.loadBusy) return false;
      const { busy, loadBusy } = summary;
      return loadBusy.median > Math.max(SATURATED, busy.median);
    })
    .map(
      ({ contestant }) =>
        `${scenario.name}, ${contestant.name}: the load generator was busier ` +
        'than what it loads; msg/s and latency are what both can do together'
    );
}

function header(names, reference) {
  const titles = names.map((name) => figures[name].title);
  return ['scenario', 'library', ...titles, `× ${reference}`];
}

/** The figure that the race is about comes with its least and its greatest. */
function rows({ scenario, entries }, names) {
  return entries.map(({ contestant, failure, summary, ratio }) => {
    const head = [scenario.name, contestant.name];
    if (failure) return [...head, 'failed'];
    const cells = names.map((name) => {
      if (!summary[name]) return '–';
      const all = name === scenario.figure;
      return cell(summary[name], figures[name], all);
    });
    return [...head, ...cells, ratio ? spread(ratio.ratio, ratio) : ''];
  });
}

function cell({ median, min, max }, figure, all) {
  const [a, b, c] = [median, min, max].map((value) => number(value, figure));
  return all ? `${a} (${b}–${c})` : `${a}${figure.sign ?? ''}`;
}

const targetHeader = ['scenario', 'target', '', '(min–max)', 'bound', ''];

function targetRow({ scenario, figure, reference, value, bound, met, ...it }) {
  const { title, better } = figures[figure];
  return [
    scenario,
    reference === null ? title : `${title}, × ${reference}`,
    value.toFixed(2),
    `(${it.min.toFixed(2)}–${it.max.toFixed(2)})`,
    `${better === 'less' ? '≤' : '≥'} ${bound}`,
    met ? 'met' : 'missed'
  ];
}

function spread(value, { min, max }) {
  return `${value.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

function number(value, { unit = 1, whole = false }) {
  const shown = value / unit;
  return whole
    ? Math.round(shown).toLocaleString('en').replaceAll(',', ' ')
    : digits(shown);
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
