// Plays a recording without any server: `replay.html?recording=FILE&lang=zh-TW&theme=dark`. Beside it lie the modules,
// the CSS and experiments.json with the questions.

import { dropped, embedded, header, keyboard, notice, run } from "./frame.js";
import { Guide, sceneHead } from "./guide.js";
import { Player } from "./player.js";
import { parse } from "./recording.js";
import { Stage } from "./stage.js";
import { text } from "./texts.js";

const player = new Player();
let recording = null;
let experiments = [];
let guess = null;
let begun = false;
let stage = null;
let guide = null;

function build() {
  stage?.close();
  stage = new Stage(player, { timeline: { open: embedded ? undefined : openFile } });
  guide = null;
  const texts = experiments.find(({ experiment }) => experiment === recording?.header.experiment);
  if (texts) {
    const play = () => {
      begun = true;
      player.toggle();
    };
    guide = new Guide(texts, { run: play, label: text("play.it"), guess, onguess: (index) => (guess = index) });
    stage.setHead(guide.panel);
  } else if (recording) {
    stage.setHead(sceneHead(recording.header.scene, text("hint.replay")));
  }
  document.title = text("lab");
  // A frame has the language, the theme and the recording of its page.
  document.body.replaceChildren(...(embedded ? [] : [header({ changed: build })]), stage.view);
  show();
}

function show() {
  const state = stage.update();
  begun ||= player.position > player.start;
  guide?.update(state, begun);
}

function load(name, content) {
  try {
    recording = parse(content);
  } catch (error) {
    notice(text("file.wrong", name, error.message));
    return;
  }
  notice(null);
  player.clear();
  recording.events.forEach((event) => player.append(event));
  guess = null;
  begun = false;
  build();
}

async function openFile(file) {
  load(file.name, await file.text());
}

async function read(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer;
}

async function start() {
  const address = new URLSearchParams(location.search).get("recording");
  try {
    experiments = await (await read("experiments.json")).json();
  } catch {
    experiments = []; // Then it plays without the question.
  }
  build();
  keyboard(player);
  dropped(openFile);
  run(player, show);
  if (!address) return;
  try {
    load(address, await (await read(address)).text());
  } catch {
    notice(text("file.missing"));
  }
}

start();
