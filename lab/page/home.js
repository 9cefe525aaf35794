// The first view: the scenes and the experiments to choose from.

import { el, rich, svg } from "./dom.js";
import { pick, text } from "./texts.js";

/** How many boxes stand in each column of a scene's small picture. */
const SHAPES = {
  "req-rep": [1, 1],
  "req-rep-3x3": [3, 3],
  "pub-sub": [1, 2],
  "pipeline": [1, 1, 1],
  "pipeline-3": [1, 3, 1],
  "reliable-pipeline": [1, 2, 1],
};

/** The view. `startScene` and `openExperiment` are called with an id, `back` leads to what runs, where something does. */
export function home({ scenes, experiments }, { startScene, openExperiment, back }) {
  return el(
    "main.home",
    {},
    el("section.hero", {}, el("h1", {}, text("lab")), el("p.lead", {}, text("lead")), back ? el("button.button", { onclick: back }, text("back.to")) : null),
    el(
      "section",
      {},
      el("h2", {}, text("scenes")),
      el("p.soft", {}, text("scenes.lead")),
      el("div.scene-cards", {}, ...scenes.map(({ scene }) => sceneCard(scene, startScene))),
    ),
    el(
      "section",
      {},
      el("h2", {}, text("experiments")),
      el("p.soft", {}, text("experiments.lead")),
      el("ol.experiments", {}, ...experiments.map((texts) => experimentRow(texts, openExperiment))),
    ),
  );
}

function sceneCard(scene, start) {
  return el(
    "button.scene-card",
    { onclick: () => start(scene) },
    shape(SHAPES[scene] ?? [1]),
    el("strong", {}, text(`scene.${scene}`)),
    el("span.soft", {}, text(`about.${scene}`)),
  );
}

function experimentRow({ experiment, claim }, open) {
  const row = el(
    "button.experiment",
    { onclick: () => open(experiment) },
    el("span.badge", {}, experiment.toUpperCase()),
    el("span", {}, ...rich(pick(claim))),
  );
  return el("li", {}, row);
}

/** Boxes in columns, and lines between neighbours. */
function shape(columns) {
  const [width, height] = [168, 64];
  const places = columns.map((count, column) =>
    Array.from({ length: count }, (_, row) => ({
      x: columns.length === 1 ? width / 2 : 22 + ((width - 44) * column) / (columns.length - 1),
      y: (height * (row + 1)) / (count + 1),
    })),
  );
  const lines = places.slice(1).flatMap((right, index) =>
    places[index].flatMap((from) => right.map((to) => svg("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y }))),
  );
  const boxes = places.flat().map(({ x, y }) => svg("rect", { x: x - 12, y: y - 6, width: 24, height: 12, rx: 3 }));
  return svg("svg.shape", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...lines, ...boxes);
}
