'use strict';

// Part of .ci/run: asks the registry for known vulnerabilities of the packages of package-lock.json, all of which are
// for development. Those that are high or critical are a failure; that the registry does not answer is none.

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const PATIENCE = 60_000;

function audit(...args) {
  return spawnSync('npm', ['audit', '--audit-level=high', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: PATIENCE
  });
}

/** The object that npm printed; an empty one if it printed none. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function main() {
  const { status, stdout } = audit('--json');
  const report = parse(stdout);

  if (report.auditReportVersion === undefined) {
    const why = report.statusCode ?? report.message ?? 'no answer';
    console.log(
      `Known vulnerabilities: the registry does not tell (${why}), so they were not asked for.`
    );
    return;
  }

  const { info, low, moderate, high, critical } =
    report.metadata.vulnerabilities;
  console.log(
    `Known vulnerabilities: ${critical} critical, ${high} high, ${moderate} moderate, ${low + info} lower.`
  );
  if (status === 0) return;

  console.error(audit().stdout);
  process.exitCode = 1;
}

main();
