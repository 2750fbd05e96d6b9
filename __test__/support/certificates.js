'use strict';

const fs = require('node:fs');
const path = require('node:path');

const read = (name) =>
  fs.readFileSync(path.join(__dirname, 'certificates', `${name}.pem`));

/**
 * Two self-signed certificates that nobody else trusts, valid to 2126, of `localhost`,
 * `other.test` and `127.0.0.1`. They are made by
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
 *       -keyout server-key.pem -out server-cert.pem -subj /CN=localhost \
 *       -addext subjectAltName=DNS:localhost,DNS:other.test,IP:127.0.0.1
 */
const SERVER = { cert: read('server-cert'), key: read('server-key') };
const CLIENT = { cert: read('client-cert'), key: read('client-key') };

module.exports = { CLIENT, SERVER };
