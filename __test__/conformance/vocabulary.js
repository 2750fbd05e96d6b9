'use strict';

// Words that the cases share.

/** A step of a peer: it waits for the next frame. */
const NEXT = Symbol('the next frame');

/** A step of a peer: it ends its side of the TCP connection. */
const END = Symbol('the end');

const SERVER = ['server'];
const CLIENT = ['client'];
const BOTH = ['server', 'client'];

/** The connection fails: RFC 6455 §7.1.7. */
const FAILS = 'close 1002, end';

/** Any status of an HTTP response that is an error of the client's. */
const REFUSED = /^HTTP 4\d\d$/;

/** A value as a title names it. */
function named(value) {
  return value === '' ? '(empty)' : `\`${value.replace('\x7f', '\\x7f')}\``;
}

module.exports = { BOTH, CLIENT, END, FAILS, named, NEXT, REFUSED, SERVER };
