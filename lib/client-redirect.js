'use strict';

/** What identifies the host of a request: `host:port`, or the path of a Unix socket. */
function hostOf(url, opts) {
  return url.protocol === 'ws+unix:' ? opts.socketPath : url.host;
}

/**
 * Remembers where the first request goes, so that its secrets go nowhere else.
 *
 * @param {Dialling} dialling Where it is remembered
 * @param {URL} url The first address
 * @param {Object} opts The options of the request
 * @param {Object} [options] What the user passed
 * @return {Object} The user's options for the next request: a copy with its headers in lower case
 */
function rememberOrigin(dialling, url, opts, options) {
  dialling.origin = {
    host: hostOf(url, opts),
    isIpc: url.protocol === 'ws+unix:',
    isSecure: url.protocol === 'wss:'
  };

  const headers = {};

  for (const [name, value] of Object.entries(options?.headers ?? {})) {
    headers[name.toLowerCase()] = value;
  }

  return { ...options, headers };
}

/**
 * Takes the secrets out of a request that was redirected to another host, or to an insecure
 * connection, as curl does.
 *
 * @param {Dialling} dialling Where the first request went
 * @param {URL} url The new address
 * @param {Object} opts The options of the request, which are changed
 */
function checkRedirect({ origin }, url, opts) {
  const isSameHost =
    origin.isIpc === (url.protocol === 'ws+unix:') &&
    origin.host === hostOf(url, opts);

  if (!isSameHost || (origin.isSecure && url.protocol !== 'wss:')) {
    delete opts.headers.authorization;
    delete opts.headers.cookie;
    if (!isSameHost) delete opts.headers.host;
    opts.auth = undefined;
  }
}

module.exports = { checkRedirect, rememberOrigin };
