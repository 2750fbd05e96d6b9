'use strict';

// Prints which modules of Node.js are loaded by requiring a library: LIBRARY.

const before = new Set(process.moduleLoadList);
require(process.argv[2]);
const added = process.moduleLoadList.filter((it) => !before.has(it));
console.log(JSON.stringify(added));
