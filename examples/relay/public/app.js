// Puts the parts together:
//
//   source.js → recorder.js → connection.js ⇄ server
//   (camera or   (WebM in      │   └→ people.js → tile.js → player.js → <video>
//   test picture) pieces)      └→ chat.js, status.js, meter.js

import { Chat } from './chat.js';
import { Connection } from './connection.js';
import { Meter } from './meter.js';
import { People } from './people.js';
import { Recorder, recordingType } from './recorder.js';
import { PictureSource } from './source.js';
import { Status } from './status.js';

const $ = (id) => document.getElementById(id);
const note = $('note');
const nameForm = $('name-form');
const nameInput = $('name');
const pictureChoice = $('picture');

const connection = new Connection(socketUrl, new Meter($('meters')));
const status = new Status(() => connection.retry());
const chat = new Chat((text) => connection.send({ type: 'chat', text }));
const people = new People((id) => connection.send({ type: 'refresh', id }));
const recorder = new Recorder((blob, isStart) =>
  connection.sendPicture(blob, isStart)
);
const source = new PictureSource(Math.floor(Math.random() * 360));

let shown = { stream: null, kind: 'off' };
let isWelcome = false;
let wasConnected = false;

connection.addEventListener('state', ({ detail }) => {
  status.show(detail);

  if (detail.state !== 'waiting' || !isWelcome) return;

  isWelcome = false;
  recorder.stop();
  people.clear();
  setFormsOpen(false);
  chat.addEvent('The connection was lost.');
});

connection.addEventListener('latency', ({ detail }) =>
  status.showLatency(detail)
);
connection.addEventListener('picture', ({ detail }) =>
  people.pushPicture(detail)
);
connection.addEventListener('message', ({ detail }) =>
  handlers[detail.type]?.(detail)
);

const handlers = {
  welcome({ id, people: everybody, limits }) {
    isWelcome = true;
    people.reset(id, everybody);
    setFormsOpen(true, limits);
    chat.addEvent(
      wasConnected ? 'Connected again.' : `You are ${people.nameOf(id)}.`
    );
    wasConnected = true;
    showName();
    offer();
  },
  joined({ person }) {
    people.add(person);
    chat.addEvent(`${person.name} joined.`);
  },
  left({ id }) {
    chat.addEvent(`${people.nameOf(id)} left.`);
    people.remove(id);
  },
  renamed({ id, name }) {
    const before = people.nameOf(id);

    if (before === name) return;

    people.rename(id, name);
    chat.addEvent(`${before} is now ${name}.`);
    if (id === people.self.id) showName();
  },
  camera({ id, camera }) {
    people.setCamera(id, camera);
  },
  chat(line) {
    chat.addLine(line, line.id === people.self.id);
  },
  restart() {
    recorder.restart();
  }
};

source.addEventListener('stream', ({ detail }) => {
  shown = detail;
  if (isWelcome) offer();
});

source.addEventListener('note', ({ detail: { text } }) => {
  note.textContent = text;
  note.hidden = text === '';
});

pictureChoice.addEventListener('change', ({ target }) => {
  sessionStorage.setItem('picture', target.value);
  source.choose(target.value);
});

nameForm.addEventListener('submit', (event) => {
  event.preventDefault();

  const name = nameInput.value.trim();

  if (name === '' || !connection.send({ type: 'name', name })) return;

  // A reload, and each new connection, asks for the same name again.
  sessionStorage.setItem('name', name);
  nameInput.blur();
});

/** Shows this tab's picture in its own tile, and to the others. */
function offer() {
  const { stream, kind } = shown;
  const canRecord = stream !== null && recordingType !== undefined;

  recorder.stop();
  people.self.tile.setStream(stream, kind);
  connection.send({ type: 'camera', camera: canRecord ? recordingType : null });

  if (canRecord) recorder.start(stream);

  if (stream !== null && !canRecord) {
    note.textContent =
      'This browser cannot record WebM: you see others, they do not see you.';
    note.hidden = false;
  }
}

function setFormsOpen(isOpen, limits) {
  chat.setOpen(isOpen, limits?.line);
  for (const element of nameForm.elements) element.disabled = !isOpen;
  if (limits) nameInput.maxLength = limits.name;
}

function showName() {
  if (document.activeElement !== nameInput) nameInput.value = people.self.name;
}

function socketUrl() {
  const url = new URL('relay', location.href);

  url.protocol = url.protocol.replace('http', 'ws');
  url.search = '';
  url.hash = '';

  const name = sessionStorage.getItem('name');

  if (name) url.searchParams.set('name', name);

  return url;
}

const choice = sessionStorage.getItem('picture') ?? 'camera';

pictureChoice.querySelector(`[value="${choice}"]`).checked = true;
source.choose(choice);
connection.open();
