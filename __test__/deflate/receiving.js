'use strict';

const { record } = require('../support/session');
const { ends } = require('./ends');

/** Opens a connection whose events are logged. */
function recorded(scenario, role, how) {
  return ends(scenario, role, {
    ...how,
    onConnection: (ws) => {
      record(ws, scenario.log);
      how?.onConnection?.(ws);
    }
  });
}

/** Has the peer send something, a close frame at the end; logs the events. */
async function logReceived(scenario, role, how, act) {
  const { closed, peer, ws } = await recorded(scenario, role, how);
  await act(peer, ws);
  peer.frame(0x88, Buffer.from('03e8', 'hex'));
  await closed;
}

/** Has the peer send what is wrong; logs the events, and the close frame. */
async function logRefused(scenario, role, how, act) {
  const { closed, peer } = await recorded(scenario, role, how);
  await act(peer);
  const { controls } = await peer.message();
  scenario.log('peer', controls);
  peer.raw.socket.end();
  await closed;
}

/** Logs the length of what is long. */
function brief(log) {
  return (...values) =>
    log(...values.map((value) => (value?.length > 500 ? value.length : value)));
}

module.exports = { brief, logReceived, logRefused, recorded };
