'use strict';

// docs/conformance.md: what is written by hand stays, what is between two marks is made of the cases.

const fs = require('node:fs');
const path = require('node:path');

const cases = require('./cases');
const sections = require('./sections');
const unobservable = require('./unobservable');
const { COMPARED, FAILING, known, LENIENT, STRICT } = require('./verdict');

const FILE = path.join(__dirname, '../../docs/conformance.md');

const begin = (name) => `<!-- ${name}: written by npm run conformance -->\n`;
const end = (name) => `<!-- end of ${name} -->`;

const NAMES = { ferrows: 'Ferrows', ws: 'ws 8.23' };

/** How many cases got which verdict, by library. */
function totals(of = cases) {
  const rows = COMPARED.map((name) => {
    const count = (wanted) =>
      String(of.filter((each) => known(each, name).verdict === wanted).length);
    return [NAMES[name], count(STRICT), count(LENIENT), count(FAILING)];
  });
  return table(['', STRICT, LENIENT, FAILING], rows);
}

/** A table of Markdown, in the form that Prettier gives it. */
function table(head, rows) {
  const widths = head.map((name, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column].length))
  );
  const line = (row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;

  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n`;
}

/** The cases of a section as rows; those of both roles with the same verdicts are one. */
function rowsOf(group, notes) {
  const rows = new Map();

  for (const each of group) {
    const verdicts = COMPARED.map((name) => {
      const { verdict, because } = known(each, name);
      if (because === undefined) return verdict;
      if (!notes.includes(because)) notes.push(because);
      return `${verdict} (${notes.indexOf(because) + 1})`;
    });
    const key = [each.requires, ...verdicts].join('\n');

    if (rows.has(key)) rows.get(key)[1] = 'both';
    else rows.set(key, [each.requires, each.role, ...verdicts]);
  }
  return [...rows.values()];
}

/** The tables of all sections. */
function tables() {
  const parts = [];

  for (const [rfc, titles] of Object.entries(sections)) {
    for (const at of sectionsOf(rfc)) {
      const notes = [];
      const group = cases.filter((each) => each.rfc === rfc && each.at === at);
      const rows = rowsOf(group, notes).map((row) => row.map(escape));

      parts.push(
        `### RFC ${rfc} §${at}: ${escape(titles[at])}\n`,
        table(['requirement', 'role', ...heads()], rows)
      );
      if (notes.length !== 0) {
        const list = notes.map((note, i) => `${i + 1}. ${note}\n`);
        parts.push(`Not strict, because:\n\n${list.join('')}`);
      }
    }
  }
  return parts.join('\n');
}

/** The cases in which the libraries differ. */
function differences() {
  const differing = cases.filter((each) => {
    const [first, ...others] = COMPARED.map(
      (name) => known(each, name).verdict
    );
    return others.some((verdict) => verdict !== first);
  });
  const rows = differing.map((each) => [
    `RFC ${each.rfc} §${each.at}`,
    escape(each.requires),
    each.role,
    ...COMPARED.map((name) => known(each, name).verdict)
  ]);
  return table(['section', 'requirement', 'role', ...heads()], rows);
}

/** Why Ferrows is not strict, and where. */
function reasons() {
  const found = new Map();

  for (const each of cases) {
    const { because } = known(each, 'ferrows');
    if (because === undefined) continue;
    if (!found.has(because)) found.set(because, []);
    found.get(because).push(`RFC ${each.rfc} §${each.at}`);
  }
  const rows = [...found].map(([because, where]) => [
    because,
    String(where.length),
    [...new Set(where)].join(', ')
  ]);
  return table(['why Ferrows is not strict', 'cases', 'sections'], rows);
}

const heads = () => COMPARED.map((name) => NAMES[name]);

/** The sections of an RFC of which there are cases, in order. */
function sectionsOf(rfc) {
  const all = cases.filter((each) => each.rfc === rfc).map(({ at }) => at);
  return [...new Set(all)];
}

/** What no case shows. */
function missing() {
  const rows = Object.entries(unobservable).flatMap(([rfc, list]) =>
    list.map(([at, ...row]) => [`RFC ${rfc} §${at}`, ...row])
  );
  return table(['section', 'requirement', 'why there is no case'], rows);
}

/** A text in which Markdown is no Markdown but for code; names of parameters become code, too. */
function escape(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part.replace(/[*\\]/g, '\\$&').replace(/\b\w+_\w+(=\w+)?/g, '`$&`')
    )
    .join('');
}

/**
 * Makes the document anew.
 *
 * @param {String} text The document as it is
 * @return {String} The document as it is to be
 */
function renew(text) {
  const parts = {
    totals: totals(),
    differences: differences(),
    reasons: reasons(),
    tables: tables(),
    missing: missing()
  };

  for (const [name, part] of Object.entries(parts)) {
    const from = text.indexOf(begin(name));
    const to = text.indexOf(end(name));

    if (from === -1 || to < from) throw new Error(`${FILE}: no mark ${name}`);
    text = `${text.slice(0, from)}${begin(name)}\n${part}\n${text.slice(to)}`;
  }
  return text;
}

const read = () => fs.readFileSync(FILE, 'utf8');
const write = () => fs.writeFileSync(FILE, renew(read()));

module.exports = { read, renew, totals, write };
