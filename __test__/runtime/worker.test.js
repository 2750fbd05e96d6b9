'use strict';

const assert = require('node:assert');

const { comparesStreams, contract } = require('../support/contract');
const { LIBRARIES, run } = require('./support');

/**
 * A stream's bytes are written by JavaScript: if that does nothing else any more, what was sent
 * within the last millisecond is lost (DESIGN section 8).
 */
const LOOPS = comparesStreams() ? [] : ['loop', 'loop in a timer'];

/** How workers end. */
const WAYS = JSON.stringify(['exit', 'throw', 'terminate', ...LOOPS, 'end']);

/** Runs a scenario of `programs/worker-host.js`, whose main thread does not load the library. */
function host(scenario) {
  return async ({ log, name, t }) => {
    const program = run(t, 'worker-host.js', [LIBRARIES[name], scenario, WAYS]);
    log(await program.read());
    // An addon that gives its memory back at the wrong time aborts the process here.
    await program.success();
  };
}

/** Text frames of a server. */
const ECHO = {
  exit: '8104' + Buffer.from('exit').toString('hex'),
  'from exit': '8109' + Buffer.from('from exit').toString('hex'),
  late: '8104' + Buffer.from('late').toString('hex'),
  loop: '8104' + Buffer.from('loop').toString('hex'),
  'loop in a timer': '810f' + Buffer.from('loop in a timer').toString('hex'),
  throw: '8105' + Buffer.from('throw').toString('hex')
};

contract(
  'lives in a worker that exits, and sends what was sent before (rule 6)',
  host('exit'),
  ([[{ code, error, last }]]) => {
    assert.strictEqual(code, 3);
    assert.strictEqual(error, null);
    assert.deepStrictEqual(last, [ECHO.exit + ECHO['from exit'], '', '']);
  }
);

contract(
  'lives in a worker whose listener throws: it ends with that error (rules 3 and 6)',
  host('throw'),
  ([[{ code, error, last }]]) => {
    assert.strictEqual(code, 1);
    assert.strictEqual(error, 'thrown');
    assert.deepStrictEqual(last, [ECHO.throw, '', '']);
  }
);

contract(
  'lives in a worker that is terminated while messages are in flight (rule 6)',
  host('terminate')
);

const LOOPED = {
  loop: ECHO.loop,
  'loop in a timer': ECHO['loop in a timer'] + ECHO.late
};

for (const how of LOOPS) {
  contract(
    `lives in a worker that is terminated in a ${how}, and sends what was sent before (rule 6)`,
    host(how),
    ([[{ last }]]) => assert.deepStrictEqual(last, [LOOPED[how], '', ''])
  );
}

contract(
  'does not keep a worker alive when its server is closed and its clients are gone (WS-CONTRACT 9)',
  host('end'),
  ([[{ code, error }]]) => assert.deepStrictEqual([code, error], [0, null])
);

contract(
  'lives in many workers that end at once, each in its way (rule 6)',
  host('at once')
);

contract(
  'lives in workers that come and go while another one serves (rule 6)',
  host('repeatedly')
);

contract(
  'serves in several workers at once (rule 6)',
  host('serving'),
  ([[results]]) =>
    assert.deepStrictEqual(
      results.map(({ code }) => code),
      [0, 0, 0, 0, 0, 0]
    )
);

contract(
  'works on the main thread after a worker that had it is gone (rule 6)',
  host('main afterwards'),
  ([[[, payload]]]) => assert.strictEqual(payload, 'hello')
);

contract(
  'lives in workers with open connections when the main thread exits (rule 6)',
  host('main exits')
);
