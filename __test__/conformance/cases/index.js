'use strict';

// All cases, in the order of the RFCs' sections.

/** The files of cases, by the RFC that they are about. */
const FILES = {
  6455: [
    'opening-request',
    'opening-response',
    'opening-server',
    'opening-answer',
    'framing',
    'fragmentation',
    'control',
    'data',
    'closing',
    'utf8',
    'safety'
  ],
  7692: [
    'deflate-offers',
    'deflate-answers',
    'deflate-frames',
    'deflate-payloads'
  ]
};

/** Numbers of sections, compared as such: 5.2 comes before 5.10. */
function compare(one, other) {
  return one.localeCompare(other, 'en', { numeric: true });
}

/**
 * A case is a requirement on one role, and how a library is seen to meet it:
 *
 * - `rfc`, `at`, `role`, `requires`: the RFC, its section, `'server'` or `'client'`, the sentence;
 * - what the peer does: `request`, `response`, `behind`, `sends`; what the library is told to do:
 *   `options`, `protocols`, `deflate`, `dialled`, `app`; or `run`, which does all of it;
 * - `shows`, `reads`: what of it is looked at;
 * - `sees`: what a library that obeys is seen to do (a text, a pattern, or a list of texts);
 * - `tolerates`: what else it may do, `{ sees, because }`.
 *
 * @type {Object[]}
 */
module.exports = Object.entries(FILES).flatMap(([rfc, names]) =>
  names
    .flatMap((name) => require(`./${name}`))
    .flatMap(({ roles, ...each }) =>
      roles.map((role) => ({ rfc, role, ...each }))
    )
    .sort((one, other) => compare(one.at, other.at))
);
