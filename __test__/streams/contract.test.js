'use strict';

// The scenarios of the other areas with the bytes of Ferrows moved by streams
// (`transport: 'stream'`).

const { compareStreams } = require('../support/contract');
const { runScenarios } = require('./scenarios');

compareStreams();
runScenarios('over streams');
