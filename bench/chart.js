'use strict';

// A picture of a race, for the documentation:
//
//   node bench/chart.js <results.json> [scenario…] > race.svg
//
// A row for each scenario, a dot for each contestant: how many times better than
// the last one, to which the others are compared. To the right is better, whether
// the figure is one of which one wants less, or more.

const fs = require('node:fs');
const { figures } = require('./figures');

const LEFT = 150;
const RIGHT = 30;
const WIDTH = 900;
const ROW = 26;
const TOP = 92;
const BOTTOM = 34;

const INK = '#1f2328';
const FAINT = '#d1d9e0';
const MUTED = '#59636e';

/** For whom a reader looks first; the others have what is left. */
const colours = new Map([
  ['ferrows', '#cf222e'],
  ['bun', '#9a6700'],
  ['uws', '#8250df'],
  ['deno', '#1a7f37'],
  ['floor', INK]
]);
const spare = [
  '#0969da',
  '#bf3989',
  '#1b7c83',
  '#bc4c00',
  '#6e7781',
  '#4d2d00'
];

function main([file, ...names]) {
  if (!file) {
    throw new Error('usage: node bench/chart.js <results.json> [scenario…]');
  }
  const race = JSON.parse(fs.readFileSync(file, 'utf8'));
  process.stdout.write(draw(race, names));
}

/**
 * @param {Object} race What run.js has written
 * @param {Array<String>} [names] The scenarios, if not all
 * @return {String} SVG
 */
function draw(race, names = []) {
  const rows = race.results
    .filter(({ scenario }) => !names.length || names.includes(scenario.name))
    .map(({ scenario, entries }) => ({
      scenario,
      dots: dotsOf(scenario, entries)
    }))
    .filter(({ dots }) => dots.length > 0);
  if (rows.length === 0) throw new Error('nothing to compare');

  const reference = race.contestants.at(-1).name;
  const racers = race.contestants.slice(0, -1).map(({ name }) => name);
  const palette = colourAll(racers);
  const scale = makeScale(rows.flatMap(({ dots }) => dots));
  const height = TOP + rows.length * ROW + BOTTOM;
  const parts = [
    text(LEFT, 20, `Times better than ${reference} (a logarithmic scale)`, {
      weight: 600,
      size: 14
    }),
    ...legend(racers, palette),
    ...axis(scale, height),
    ...rows.flatMap((row, index) => drawRow(row, index, scale, palette))
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;
}

/** How many times better each one is, the worst first. */
function dotsOf({ figure }, entries) {
  return entries
    .filter(({ ratio }) => ratio && ratio.ratio > 0)
    .map(({ contestant, ratio }) => ({
      contestant,
      times: figures[figure].better === 'less' ? 1 / ratio.ratio : ratio.ratio
    }))
    .sort((a, b) => a.times - b.times);
}

function colourAll(names) {
  const left = [...spare];
  return new Map(
    names.map((name) => [name, colours.get(name) ?? left.shift() ?? MUTED])
  );
}

/** Powers of two, from the worst to the best; 1 is always there. */
function makeScale(dots) {
  const exponents = dots.map(({ times }) => Math.log2(times));
  const least = Math.floor(Math.min(-1, ...exponents));
  const most = Math.ceil(Math.max(1, ...exponents));
  const step = (WIDTH - LEFT - RIGHT) / (most - least);
  const x = (times) => LEFT + (Math.log2(times) - least) * step;
  const marks = Array.from({ length: most - least + 1 }, (_, i) => least + i);
  return { x, marks };
}

function axis({ x, marks }, height) {
  return marks.flatMap((exponent) => {
    const at = round(x(2 ** exponent));
    const colour = exponent === 0 ? INK : FAINT;
    const label = exponent < 0 ? `1/${2 ** -exponent}` : `${2 ** exponent}`;
    return [
      `<line x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - BOTTOM}" stroke="${colour}"/>`,
      text(at, height - BOTTOM + 18, label, { anchor: 'middle', fill: MUTED })
    ];
  });
}

/** Names after dots, in two lines if need be. */
function legend(names, palette) {
  let [x, y] = [LEFT, 44];
  return names.flatMap((name) => {
    const width = 26 + name.length * 7;
    if (x + width > WIDTH - RIGHT) [x, y] = [LEFT, y + 20];
    const parts = [dot(x, y - 4, palette.get(name), 5), text(x + 10, y, name)];
    x += width;
    return parts;
  });
}

function drawRow({ scenario, dots }, index, { x }, palette) {
  const y = TOP + index * ROW + ROW / 2;
  const label = text(LEFT - 12, y + 4, scenario.name, { anchor: 'end' });
  const title = figures[scenario.figure].title;
  return [
    label,
    ...dots.map(({ contestant, times }) => {
      const hint = `${contestant}: ${times.toFixed(2)} times better (${title})`;
      const size = contestant === 'ferrows' ? 7 : 4.5;
      return dot(x(times), y, palette.get(contestant), size, hint);
    })
  ];
}

function dot(x, y, fill, size, hint = '') {
  const title = hint && `<title>${escape(hint)}</title>`;
  return `<circle cx="${round(x)}" cy="${round(y)}" r="${size}" fill="${fill}" fill-opacity="0.85">${title}</circle>`;
}

function text(x, y, words, { anchor = 'start', fill = INK, ...font } = {}) {
  const { weight = 400, size = 12 } = font;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${fill}" font-weight="${weight}" font-size="${size}">${escape(words)}</text>`;
}

const round = (value) => Math.round(value * 10) / 10;

const escape = (words) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

if (require.main === module) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

module.exports = { draw };
