'use strict';

const binding = require('./binding');

const { header, kind, operation } = binding.numbers();

/** The numbers that both sides of the boundary use, by name. */
module.exports = {
  /** Fields of the shared header. */
  HEADER: header,
  /** What a record of the inbox says. */
  KIND: kind,
  /** What a record of the outbox asks for, flags, and the mask of the former. */
  OPERATION: operation
};
