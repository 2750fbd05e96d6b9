'use strict';

// What is printed while a soak runs.

const MIB = 1024 * 1024;
const WRONG = ['lost', 'doubled', 'reordered', 'damaged', 'unexpected'];

const title =
  'minute   connections   open    messages     MiB | server: RSS  heap' +
  '  descr. | ferrows: RSS  heap  descr. | wrong';

/** One line of reports. */
function line(time, reports, note = '') {
  const { server, ferrows } = reports;
  const minutes = (time / 60_000).toFixed(1);
  return [
    minutes.padStart(6),
    String(server.connections).padStart(14),
    String(server.open).padStart(7),
    String(server.messages).padStart(12),
    mib(server.bytes).padStart(8),
    ' |',
    vitals(server).padStart(24),
    ' |',
    vitals(ferrows).padStart(26),
    ' |',
    wrong(reports),
    note && `  ${note}`
  ].join('');
}

function vitals({ rss, heap, descriptors }) {
  return (
    mib(rss).padStart(12) + mib(heap).padStart(6) + `${descriptors}`.padStart(8)
  );
}

function mib(bytes) {
  return (bytes / MIB).toFixed(0);
}

/** How much is wrong in all processes, by kind. */
function sums(reports) {
  const all = Object.values(reports);
  return Object.fromEntries(
    WRONG.map((what) => [
      what,
      all.reduce((sum, { tally }) => sum + tally[what], 0)
    ])
  );
}

function wrong(reports) {
  const total = Object.values(sums(reports)).reduce((a, b) => a + b);
  return String(total).padStart(6);
}

module.exports = { line, mib, sums, title };
