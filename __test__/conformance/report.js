'use strict';

// npm run conformance: looks at all cases, prints what it saw, and writes docs/conformance.md.

const cases = require('./cases');
const { totals, write } = require('./document');
const { Subject } = require('./subject');
const { SUBJECTS, title } = require('./suite');
const { judge, known } = require('./verdict');

/** What all libraries are seen to do, as `{ [name]: seen[] }`. */
async function observeAll() {
  const all = {};

  for (const name of Object.keys(SUBJECTS)) {
    const subject = new Subject(name);
    all[name] = [];
    for (const each of cases) all[name].push(await subject.observe(each));
    subject.close();
  }
  return all;
}

async function main() {
  const all = await observeAll();
  const names = Object.keys(SUBJECTS);
  const surprises = [];

  console.log(['ferrows', 'streams', 'ws'].map(pad).join(''));
  cases.forEach((each, i) => {
    const verdicts = Object.fromEntries(
      names.map((name) => [name, judge(each, all[name][i])])
    );
    console.log(
      ['ferrows', 'streams', 'ws'].map((name) => pad(verdicts[name])).join('') +
        title(each)
    );

    for (const name of names) {
      const { verdict } = known(each, SUBJECTS[name]);
      if (verdicts[name] !== verdict) {
        surprises.push(
          `${title(each)}\n  ${name}: ${verdicts[name]}, not ${verdict}: ${all[name][i]}`
        );
      }
    }
  });

  if (surprises.length !== 0) {
    console.error(`\nOther than written down:\n${surprises.join('\n')}`);
    process.exit(1);
  }
  write();
  console.log(`\n${cases.length} cases\n\n${totals()}`);
}

function pad(text) {
  return text.padEnd(12);
}

main();
