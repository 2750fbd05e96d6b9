'use strict';

/**
 * @param {Array} items Any
 * @param {Function} key What they are grouped by
 * @return {Array<Array>} Pairs of a key and its items, in the order of the first ones
 */
function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const name = key(item);
    if (groups.has(name)) groups.get(name).push(item);
    else groups.set(name, [item]);
  }
  return [...groups];
}

module.exports = { groupBy };
