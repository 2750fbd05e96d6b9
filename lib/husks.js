'use strict';

/**
 * The *husk* is the `net.Socket` that a connection was taken from. It costs more memory than the
 * connection, and mostly nobody looks at it again. So it is held weakly while nobody can miss it:
 * it has no listener but Node.js's own for 'end', no timer, no property that a user put there, and
 * was never read through `ws._socket`.
 */

const net = require('net');

/** Links a husk to its connection. */
const kConnection = Symbol('kConnection');

/** Milliseconds in which `'connection'` listeners, and what they await, may look at it. */
const GRACE = 500;

// Taken before fake timers can replace it.
const { setTimeout } = globalThis;

/** Own properties that Node.js, its http server and Ferrows give a socket; filled when it is needed. */
const usual = new Set();

/** Connections whose husk is younger than `GRACE`, and those whose husk is older. */
let young = new Set();
let old = new Set();
let scheduled = false;

/** Fills `usual`. To make a socket takes too long for a process that just loads this. */
function learnWhatIsUsual() {
  const names = [
    ...Reflect.ownKeys(new net.Socket()),
    ...['server', 'parser', 'on', 'addListener', 'prependListener'],
    ...['setEncoding', '_paused', '_peername', '_sockname', 'timeout'],
    kConnection
  ];
  for (const name of names) usual.add(name);
}

/** Whether somebody could tell that the husk was collected. */
function isMissed(socket) {
  if (usual.size === 0) learnWhatIsUsual();
  const events = socket.eventNames();

  return (
    events.length > 1 ||
    (events.length === 1 &&
      (events[0] !== 'end' || socket.listenerCount('end') !== 1)) ||
    Boolean(socket.timeout) ||
    Reflect.ownKeys(socket).some((key) => !usual.has(key))
  );
}

/**
 * Holds a new husk for a while, then lets go of it unless it is missed.
 *
 * @param {Connection} connection The connection
 * @param {net.Socket} socket Its husk
 */
function watch(connection, socket) {
  connection.husk = socket;
  young.add(connection);
  schedule();
}

function schedule() {
  if (!scheduled) {
    scheduled = true;
    setTimeout(letGo, GRACE).unref();
  }
}

function letGo() {
  for (const connection of old) {
    if (!connection.huskIsHeld && !isMissed(connection.husk)) {
      connection.husk = new WeakRef(connection.husk);
    }
  }

  old = young;
  young = new Set();
  scheduled = false;
  if (old.size !== 0) schedule();
}

/**
 * Forgets a connection that is closed. Short ones, of which there may be many, would otherwise be
 * kept in memory for as long as it takes to look at their husks.
 *
 * @param {Connection} connection The connection
 */
function unwatch(connection) {
  if (!young.delete(connection)) old.delete(connection);
}

/**
 * Returns a connection's husk, if it still is there.
 *
 * @param {Connection} connection The connection
 * @return {(net.Socket|null)} Its husk
 */
function huskOf(connection) {
  const { husk } = connection;
  return husk instanceof WeakRef ? (husk.deref() ?? null) : husk;
}

/**
 * Holds a husk until its connection ends.
 *
 * @param {Connection} connection The connection
 * @param {net.Socket} socket Its husk
 */
function hold(connection, socket) {
  connection.huskIsHeld = true;
  connection.husk = socket;
}

module.exports = { hold, huskOf, kConnection, unwatch, watch };
