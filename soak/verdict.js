'use strict';

// What a soak is judged by.

const { mib, sums } = require('./progress');

/** Bytes that a process may have grown by, after garbage collection, with nobody connected. */
const MAY_GROW = 32 * 1024 * 1024;

/** From so many reports on, those under load are compared: the first third with the last. */
const FEWEST_REPORTS = 9;

/** Processes in which Ferrows is. */
const OURS = ['server', 'ferrows'];

/**
 * @param {Object} before Reports of all processes, warm and with nobody connected
 * @param {Object[]} loaded Reports from then on
 * @param {Object} after The same at the end
 * @param {Number} time Milliseconds that it took
 * @return {{text: String, passed: Boolean}} The verdict
 */
function judge(before, loaded, after, time) {
  const checks = [
    ...messages(after),
    ...OURS.flatMap((name) => left(name, before[name], after[name])),
    ...OURS.flatMap((name) => drift(name, loaded))
  ];
  const { server } = after;
  const seconds = time / 1000;
  const cpu = Object.entries(after).map(
    ([name, report]) => `${name} ${((report.cpu / seconds) * 100).toFixed(0)} %`
  );
  const text = [
    '',
    `${server.connections} connections, ${server.messages} messages, ${mib(server.bytes)} MiB ` +
      `in ${(seconds / 60).toFixed(1)} minutes`,
    `closes by code: ${list(server.closes)}`,
    `CPU, of one core: ${cpu.join(', ')}`,
    '',
    ...checks.map(({ text, good }) => `${good ? 'ok    ' : 'NOT OK'}  ${text}`),
    ...Object.entries(after).flatMap(([name, { tally }]) =>
      tally.notes.map((note) => `  ${name}: ${note}`)
    )
  ];
  return { text: text.join('\n'), passed: checks.every(({ good }) => good) };
}

/** What was wrong with messages and closes. */
function messages(after) {
  const { server } = after;
  return [
    ...Object.entries(sums(after)).map(([what, count]) => ({
      text: `${what}: ${count}`,
      good: count === 0
    })),
    {
      text: `callbacks of send() that were never called: ${server.callbacks}`,
      good: server.callbacks === 0
    },
    {
      text: `connections that the server still has: ${server.open}`,
      good: server.open === 0
    }
  ];
}

/** What a process has kept. */
function left(name, before, after) {
  const growth = after.rss - before.rss;
  return [
    {
      text:
        `${name}: RSS ${mib(before.rss)} MiB when warm, ${mib(after.rss)} MiB at the end ` +
        `(may grow by ${mib(MAY_GROW)})`,
      good: growth <= MAY_GROW
    },
    {
      text: `${name}: ${before.descriptors} descriptors when warm, ${after.descriptors} at the end`,
      good: after.descriptors === before.descriptors
    },
    {
      text: `${name}: handles when warm ${list(before.handles)}, at the end ${list(after.handles)}`,
      good: list(after.handles) === list(before.handles)
    }
  ];
}

/** Whether a process grows while all clients are there. */
function drift(name, loaded) {
  const third = Math.floor(loaded.length / 3);
  if (loaded.length < FEWEST_REPORTS) return [];
  const mean = (reports) =>
    reports.reduce((sum, report) => sum + report[name].rss, 0) / reports.length;
  const first = mean(loaded.slice(0, third));
  const last = mean(loaded.slice(-third));
  return [
    {
      text:
        `${name}: RSS under load ${mib(first)} MiB on average in the first third, ` +
        `${mib(last)} MiB in the last (may grow by ${mib(MAY_GROW)})`,
      good: last - first <= MAY_GROW
    }
  ];
}

function list(counts) {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

module.exports = { judge, MAY_GROW };
