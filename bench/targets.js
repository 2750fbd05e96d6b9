'use strict';

// Whether Ferrows reaches its targets: what a scenario's `targets` say of it.

const { figures } = require('./figures');
const { compare } = require('./statistics');

/** Whoever the targets are for. */
const RUNNER = 'ferrows';

/** What is not a peer, but a measure. */
const FLOOR = 'floor';

/**
 * @param {Array<Object>} results Those of run.js
 * @return {Array<Object>} A verdict for each target whose both sides have raced
 */
function verdicts(results) {
  return results.flatMap((result) => {
    const { scenario, entries } = result;
    const runner = find(entries, RUNNER);
    if (!runner) return [];
    return (scenario.targets ?? []).flatMap((target) => {
      const figure = target.figure ?? scenario.figure;
      const verdict = judge({ ...target, figure }, runner, result, results);
      return verdict ? [{ scenario: scenario.name, figure, ...verdict }] : [];
    });
  });
}

function judge(target, runner, { entries }, results) {
  const { figure, bound } = target;
  const reference = opponent(target, runner, entries, results);
  if (reference === null) {
    const unit = figures[figure].unit ?? 1;
    const { median, min, max } = runner.summary[figure];
    const [value, least, most] = [median, min, max].map((it) => it / unit);
    return result(target, null, value, least, most);
  }
  if (!reference?.entry) return null;
  const { ratio, min, max } = compare(
    figure,
    runner.trials,
    reference.entry.trials
  );
  return { ...result(target, reference.name, ratio, min, max), bound };
}

/** What the runner is compared with: null if it is with nobody. */
function opponent({ figure, to, from }, runner, entries, results) {
  if (from) {
    const other = results.find(({ scenario }) => scenario.name === from);
    return { name: from, entry: other && find(other.entries, RUNNER) };
  }
  if (to === undefined) return null;
  if (to !== 'best') return { name: to, entry: find(entries, to) };
  const peers = entries.filter(({ contestant: { id }, summary }) => {
    return summary?.[figure] && !id.startsWith(RUNNER) && id !== FLOOR;
  });
  const { better } = figures[figure];
  const value = (entry) =>
    entry.summary[figure].median * (better === 'less' ? 1 : -1);
  const [best] = peers.sort((a, b) => value(a) - value(b));
  return { name: `the best, ${best?.contestant.name}`, entry: best };
}

function result({ figure, bound }, reference, value, min, max) {
  const isMet =
    figures[figure].better === 'less' ? value <= bound : value >= bound;
  return { reference, value, min, max, bound, met: isMet };
}

/** The only entry with this id, if it has run. */
function find(entries, id) {
  const found = entries.filter(({ contestant }) => contestant.id === id);
  return found.length === 1 && !found[0].failure ? found[0] : undefined;
}

module.exports = { verdicts };
