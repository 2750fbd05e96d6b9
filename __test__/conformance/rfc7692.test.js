'use strict';

const { testCases } = require('./suite');

testCases('7692');
