'use strict';

module.exports = {
  /** Milliseconds a process under test gets for an answer. */
  ANSWER: 30_000,

  /** And a load generator, beyond its own time. */
  PATIENCE: 60_000
};
