'use strict';

// Medians and ranges of trials, and ratios between contestants.

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

function range(values) {
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values)
  };
}

/** Trials of one contestant → for each figure its median, least and greatest. */
function summarize(trials) {
  const names = Object.keys(trials[0]);
  return Object.fromEntries(
    names.map((name) => [name, range(trials.map((trial) => trial[name]))])
  );
}

/**
 * One contestant's figure over another's: the ratio of the medians, and the least
 * and greatest ratio within one round, whose trials ran right after each other.
 */
function compare(figure, trials, reference) {
  const value = (trial) => trial[figure];
  const rounds = trials.map((trial, i) => value(trial) / value(reference[i]));
  return {
    ratio: median(trials.map(value)) / median(reference.map(value)),
    min: Math.min(...rounds),
    max: Math.max(...rounds)
  };
}

module.exports = { compare, summarize };
