'use strict';

// How long the event loop was not free while a message went to everybody: a timer
// that is due each millisecond, and the longest time without it since then.

const { performance } = require('node:perf_hooks');

let last = performance.now();
let longest = null;
let all = [];

/** Call it when the message is about to be sent. */
function begin() {
  if (longest === null) setInterval(tick, 1);
  else all.push(longest);
  longest = 0;
  last = performance.now();
}

function tick() {
  const now = performance.now();
  longest = Math.max(longest, now - last);
  last = now;
}

/** The median since the last question, in milliseconds; nothing if there was no message. */
function read() {
  if (longest === null) return {};
  const sorted = [...all, longest].sort((a, b) => a - b);
  all = [];
  longest = 0;
  return { blocked: sorted[sorted.length >> 1] };
}

module.exports = { begin, read };
