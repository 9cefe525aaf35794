// The live page: what runs in the lab, as it happens. Events come from `events`, commands go to `do`.

import { el } from "./dom.js";
import { dropped, header, keyboard, notice, run } from "./frame.js";
import { Guide, sceneHead } from "./guide.js";
import { home } from "./home.js";
import { Player } from "./player.js";
import { isEvent, parse } from "./recording.js";
import { initial } from "./reduce.js";
import { Stage } from "./stage.js";
import { text } from "./texts.js";

const player = new Player();
let offers = { scenes: [], experiments: [] };

/** The most events that the page keeps: more than the lab does. */
const MOST_EVENTS = 150_000;

/** What the page shows: `home`; `ask` before an experiment; `stage`. */
let view = "home";
let experiment = null;
let scene = null;
let running = null; // The experiment that runs, or ran last.
let source = null;
let first = true; // Whether no run has come into view yet.
let file = false; // Whether a saved recording is shown, not what runs.
let guess = null;
let stage = null;
let guide = null;

async function act(command) {
  notice(null);
  const answer = await fetch("do", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(command),
  }).catch(() => null);
  if (!answer) return notice(text("gone"));
  if (!answer.ok) notice((await answer.json().catch(() => ({}))).error ?? `${answer.status}`);
}

function go(to, chosen = null) {
  if (file) return location.reload();
  if (chosen !== experiment) guess = null;
  [view, experiment] = [to, chosen];
  build();
  scrollTo(0, 0);
}

function build() {
  stage?.close();
  stage = null;
  guide = null;
  document.title = text("lab");
  const top = header({ home: () => go("home"), changed: build });
  if (view === "home") {
    const choose = {
      startScene: (id) => {
        player.clear();
        scene = id;
        go("stage");
        act({ do: "scene", scene: id });
      },
      openExperiment: (id) => go("ask", id),
      back: player.events.length > 0 ? () => go("stage", running) : undefined,
    };
    document.body.replaceChildren(top, home(offers, choose));
    return;
  }
  guide = makeGuide();
  if (view === "ask") {
    guide.update(initial(), false);
    document.body.replaceChildren(top, el("main.stage", {}, guide.panel));
    return;
  }
  const adds = offers.scenes.find((offer) => offer.scene === scene)?.adds ?? [];
  const timeline = { save: file ? undefined : "recording", open: openFile };
  stage = new Stage(player, { act: file ? undefined : act, adds, timeline });
  stage.setHead(guide?.panel ?? sceneHead(scene ?? "", text("hint")));
  document.body.replaceChildren(top, stage.view);
}

function makeGuide() {
  const index = offers.experiments.findIndex((texts) => texts.experiment === experiment);
  if (index === -1) return null;
  const next = offers.experiments[index + 1]?.experiment;
  const start = () => {
    player.clear();
    go("stage", experiment);
    act({ do: "experiment", experiment });
  };
  return new Guide(offers.experiments[index], {
    run: start,
    label: text("run"),
    again: () => go("ask", experiment),
    next: next ? () => go("ask", next) : undefined,
    guess,
    onguess: (answer) => (guess = answer),
  });
}

function show() {
  if (!stage) return;
  const state = stage.update();
  guide?.update(state, true);
}

/** Takes an event of the lab. A scene begins another run; it comes into view unless one is about to choose. */
function receive(event) {
  if (event.is === "scene") {
    player.clear();
    player.following = player.playing = true;
    scene = event.scene;
    running = event.experiment ?? null;
    if (view === "stage" || first) go("stage", running);
    first = false;
  }
  // After the end of a run its programs can be started again.
  if (player.over() && player.position >= player.length) player.goLive();
  player.follow(event.t, performance.now());
  player.append(event);
  if (player.events.length > MOST_EVENTS && player.following) listen();
}

/** Listens from the start of the run. The lab sends what it has kept, and so fewer events than there have been. */
function listen() {
  source?.close();
  source = new EventSource("events");
  source.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data);
    if (isEvent(event)) receive(event);
  });
  let lost = false;
  source.addEventListener("error", () => {
    lost = true;
    notice(text("gone"));
  });
  source.addEventListener("open", () => {
    if (lost) notice(null);
    lost = false;
  });
}

async function openFile(chosen) {
  let recording;
  try {
    recording = parse(await chosen.text());
  } catch (error) {
    notice(text("file.wrong", chosen.name, error.message));
    return;
  }
  source?.close();
  player.clear();
  recording.events.forEach((event) => player.append(event));
  scene = recording.header.scene;
  go("stage", recording.header.experiment);
  file = true;
  build();
}

async function start() {
  const answer = await fetch("scenes");
  offers = await answer.json();
  build();
  keyboard(player);
  dropped(openFile);
  listen();
  run(player, show);
}

start();
