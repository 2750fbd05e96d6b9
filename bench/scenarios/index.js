'use strict';

// What is raced. A scenario has
//
//   name, title
//   kind      what is done and read (trials/), and the columns of its table;
//             'exchange' if it says nothing
//   server    the part of the server under test, or `client`, that of the client
//   flags     for that process
//   feature   what a contestant must be able to do besides
//   load      the load generator's scenario, and its options
//   quick     options of the load generator that --quick changes
//   figure    what the race is about
//   targets   for Ferrows: `figure` (the scenario's, if none is named), and its
//             `bound`, in units of the table; or the bound of its ratio `to`
//             another contestant, or to the best of them, or its ratio to what
//             it is itself in the scenario `from`

const { deflate } = require('./deflate');
const { many } = require('./many');
const { plain } = require('./plain');
const { streams } = require('./streams');

const install = {
  name: 'install',
  title: 'npm install from a warm cache, size on the disk, require()',
  kind: 'install',
  feature: 'install',
  figure: 'load',
  targets: [{ bound: 15 }, { figure: 'unpacked', bound: 5 }]
};

const scenarios = [...plain, ...many, ...deflate, ...streams, install].map(
  (scenario) => ({
    kind: 'exchange',
    ...scenario
  })
);

module.exports = { scenarios };
