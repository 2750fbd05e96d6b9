'use strict';

const path = require('node:path');

/** What a program or a thread requires to get a library. */
const files = {
  ws: require.resolve('ws'),
  ferrows: path.resolve(__dirname, '../..'),
  /** Ferrows with the option `transport: 'stream'`. */
  streams: require.resolve('./streams')
};

/** The libraries by their names. */
const libraries = {
  ws: require(files.ws),
  ferrows: require(files.ferrows),
  streams: require(files.streams)
};

/**
 * Has all scenarios of the process get Ferrows with the option `transport: 'stream'` where they ask
 * for Ferrows, programs that they start and threads as well.
 */
function compareStreams() {
  libraries.ferrows = libraries.streams;
  files.ferrows = files.streams;
}

/** Whether that is so, for a scenario about sockets that are taken over. */
function comparesStreams() {
  return libraries.ferrows === libraries.streams;
}

module.exports = { compareStreams, comparesStreams, files, libraries };
