'use strict';

/**
 * Lays rows out; the first column is text, the others are numbers.
 *
 * @param {Array<Array<String>>} rows The rows, each with as many cells
 * @return {String} The table
 */
function table(rows) {
  const widths = rows[0].map((_, i) =>
    Math.max(...rows.map((row) => row[i].length))
  );

  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
        )
        .join('  ')
    )
    .join('\n');
}

module.exports = table;
