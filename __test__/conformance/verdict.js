'use strict';

/** What the RFC demands. */
const STRICT = 'strict';
/** Less than the RFC demands, with a reason. */
const LENIENT = 'non-strict';
/** The opposite of what the RFC demands. */
const FAILING = 'failing';

const COMPARED = ['ferrows', 'ws'];

/** Whether what was seen is what is expected: a text, a pattern, or one of a list of texts. */
function matches(seen, expected) {
  if (expected instanceof RegExp) return expected.test(seen);
  return [expected].flat().includes(seen);
}

/** What to say of what a library was seen to do in a case. */
function judge({ sees, tolerates }, seen) {
  if (matches(seen, sees)) return STRICT;
  return tolerates !== undefined && matches(seen, tolerates.sees)
    ? LENIENT
    : FAILING;
}

/**
 * The verdict on a library that is written down in a case.
 *
 * @param {Object} each The case
 * @param {String} name `'ferrows'`, whatever moves its bytes, or `'ws'`
 * @return {{verdict: String, because: (String|undefined)}} It, and the reason if it is not strict
 */
function known({ tolerates, violates }, name) {
  if (violates?.by.includes(name)) {
    return { verdict: FAILING, because: violates.because };
  }
  if (tolerates && (tolerates.by ?? COMPARED).includes(name)) {
    return { verdict: LENIENT, because: tolerates.because };
  }
  return { verdict: STRICT };
}

/** What a case is called: `RFC 6455 §5.2: a frame whose RSV2 is set fails it (server)`. */
function title({ at, requires, rfc, role }) {
  return `RFC ${rfc} §${at}: ${requires} (${role})`;
}

module.exports = { COMPARED, FAILING, judge, known, LENIENT, STRICT, title };
