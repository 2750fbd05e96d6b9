'use strict';

// Required before the library is used: nothing can be taken over in this process then, as on Bun, Deno,
// Windows and macOS.

require('../../lib/runtime').hasLibuv = false;
