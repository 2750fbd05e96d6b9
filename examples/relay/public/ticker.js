// A worker: the timers of a page slow down to one tick a second once its tab is
// hidden, those of a worker do not.

setInterval(() => postMessage(null), 1000 / 24);
