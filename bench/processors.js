'use strict';

// Which processors a server runs on. The load generator stays on the last one. With one
// connection the operating system sometimes has both on the same processor, for minutes: a
// round trip then takes a quarter of the time that it takes to wake another processor, and
// the race would be about who was lucky.

const fs = require('node:fs');

/** Has a command run on the processors that the load generator leaves; as it is if there are none. */
function besideLoad(command) {
  const others = allowed().slice(0, -1);
  if (others.length === 0) return command;
  return ['taskset', '--cpu-list', others.join(','), ...command];
}

/** The processors that this process may run on, and so those that it starts. */
function allowed() {
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status);
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

module.exports = { besideLoad };
