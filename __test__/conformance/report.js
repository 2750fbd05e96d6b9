'use strict';

// npm run conformance: looks at all cases, prints what it saw, and writes docs/conformance.md.

const cases = require('./cases');
const { totals, write } = require('./document');
const { Subject, SUBJECTS } = require('./subject');
const { judge, known, title } = require('./verdict');

/** In the order of the columns. */
const NAMES = ['ferrows', 'streams', 'ws'];

/** What all libraries are seen to do, as `{ [name]: seen[] }`. */
async function observeAll() {
  const all = {};

  for (const name of NAMES) {
    const subject = new Subject(name);
    all[name] = [];
    for (const each of cases) all[name].push(await subject.observe(each));
    subject.close();
  }
  return all;
}

/** What a case says that is not so, for each library of which that is true. */
function surprises(each, all, i) {
  return NAMES.flatMap((name) => {
    const seen = all[name][i];
    const verdict = judge(each, seen);
    const expected = known(each, SUBJECTS[name]).verdict;
    if (verdict === expected) return [];
    return [`${title(each)}\n  ${name}: ${verdict}, not ${expected}: ${seen}`];
  });
}

async function main() {
  const all = await observeAll();

  console.log(NAMES.map(pad).join(''));
  cases.forEach((each, i) => {
    const verdicts = NAMES.map((name) => pad(judge(each, all[name][i])));
    console.log(verdicts.join('') + title(each));
  });

  const other = cases.flatMap((each, i) => surprises(each, all, i));
  if (other.length !== 0) {
    console.error(`\nOther than written down:\n${other.join('\n')}`);
    process.exit(1);
  }
  write();
  console.log(`\n${cases.length} cases\n\n${totals()}`);
}

function pad(text) {
  return text.padEnd(12);
}

main();
