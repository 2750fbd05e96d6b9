'use strict';

const { versions } = process;

/** What is known of the runtime that this is running on. */
module.exports = {
  /**
   * Whether its event loop can be asked to watch descriptors. Bun and Deno export libuv's symbols
   * and abort when these are called. Elsewhere the native side finds out.
   */
  hasLibuv: versions.bun === undefined && versions.deno === undefined,

  /** Whether an exception that the native side reports as uncaught is forgotten: Deno says `null`. */
  losesExceptions: versions.deno !== undefined
};
