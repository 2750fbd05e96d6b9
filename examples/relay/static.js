'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream');

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
};

// Nothing comes from elsewhere, and nothing inline runs.
const HEADERS = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    'media-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(self), microphone=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff'
};

/**
 * Returns an http request listener that serves the files below `directory`, and
 * nothing else: no dot files, no links that lead out of it, no types that
 * `TYPES` does not list.
 */
module.exports = function serveStatic(directory) {
  const root = fs.realpathSync(directory);

  return (req, res) => {
    serve(root, req, res).catch(() => {
      if (res.headersSent) res.destroy();
      else refuse(res, 500);
    });
  };
};

async function serve(root, req, res) {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET, HEAD');
    refuse(res, 405);
    return;
  }

  const relative = parsePath(req.url);
  const type = relative && TYPES[path.extname(relative)];

  if (!type) {
    refuse(res, 404);
    return;
  }

  const file = await openBelow(root, relative);

  if (!file) {
    refuse(res, 404);
    return;
  }

  res.writeHead(200, {
    ...HEADERS,
    'Content-Type': type,
    'Content-Length': file.size
  });

  if (req.method === 'HEAD') {
    await file.handle.close();
    res.end();
    return;
  }

  // Bound to the promised length, should the file grow meanwhile. The stream
  // closes the handle; an error means that the reader has gone.
  const end = Math.max(file.size - 1, 0);
  pipeline(file.handle.createReadStream({ start: 0, end }), res, () => {});
}

/** `/a/b.js?q` → `a/b.js`, `/` → `index.html`; null for what is never served. */
function parsePath(target) {
  let pathname;

  try {
    pathname = decodeURIComponent(target.split(/[?#]/, 1)[0]);
  } catch {
    return null;
  }

  if (!pathname.startsWith('/')) return null;
  if (pathname === '/') return 'index.html';

  // Each segment must be a plain name: no `.`, `..`, `.git`, `C:`, `a\b`.
  const segments = pathname.slice(1).split('/');
  const arePlain = segments.every((name) => /^[\w-][\w.-]*$/.test(name));

  return arePlain ? segments.join('/') : null;
}

/** Opens a regular file whose real path lies below `root`, or returns null. */
async function openBelow(root, relative) {
  let handle;

  try {
    const real = await fs.promises.realpath(path.join(root, relative));

    if (!real.startsWith(root + path.sep)) return null;

    handle = await fs.promises.open(real, 'r');
    const stats = await handle.stat();

    if (stats.isFile()) return { handle, size: stats.size };
  } catch (err) {
    const isAbsent = ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(err.code);

    if (!isAbsent) {
      await handle?.close();
      throw err;
    }
  }

  await handle?.close();
  return null;
}

const REASONS = {
  404: 'Not found',
  405: 'Only GET and HEAD',
  500: 'Something went wrong'
};

function refuse(res, status) {
  const text = `${REASONS[status]}\n`;

  res.writeHead(status, {
    ...HEADERS,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text)
  });
  res.end(text);
}
