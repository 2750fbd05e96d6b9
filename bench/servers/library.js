'use strict';

// The library that a process under test uses.

const path = require('node:path');

const root = path.join(__dirname, '..', '..');

/**
 * @param {String} lib `ws`, `ferrows`, or a path to a module with ws's interface
 * @return {Object} `library`, and its `version`, or null if it has none
 */
function load(lib) {
  if (lib === 'ws') {
    return {
      library: require('ws'),
      version: require('ws/package.json').version
    };
  }
  const location = lib === 'ferrows' ? root : path.resolve(lib);
  const library = require(location);
  let version = null;
  try {
    version = require(path.join(location, 'package.json')).version;
  } catch {
    // A single file has no version.
  }
  return { library, version };
}

module.exports = { load };
