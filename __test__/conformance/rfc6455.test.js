'use strict';

const { testCases } = require('./suite');

testCases('6455');
