// The sequence diagram of what is around a moment: a line for each program, an arrow for each message.

import { el, svg } from "./dom.js";
import { shortTextOf } from "./message.js";
import { after, isFailure } from "./player.js";
import { ends } from "./recording.js";
import { boxName, text } from "./texts.js";

/** How many rows are shown before and after the moment. */
const BEFORE = 9;
const AFTER = 5;

/** Measures in pixels. */
const ROW = 30;
const HEAD = 34;
const HEAD_OF_CLOSE = 78;
const CLOSE = 46;
const TIME = 52;
const LETTER = 6.4;
const NOTE = 80;

/** The events around the time `t`, in the order in which they happened; `past` of them are not after it. */
export function around(drawn, t) {
  const end = after(drawn, t, (event) => event.t);
  const start = Math.max(0, end - BEFORE);
  return { rows: drawn.slice(start, end + AFTER), past: end - start };
}

/** The panel with the diagram. */
export class Sequence {
  constructor() {
    this.title = el("h2", {}, text("sequence"));
    this.figure = el("div.diagram");
    this.panel = el("section.sequence", {}, this.title, el("p.soft", {}, text("sequence.lead")), this.figure);
    this.key = null;
  }

  /** Draws it for a moment, with a line for each of `boxes`, if it would look different there. */
  update(player, state, boxes) {
    const { rows, past } = around(player.drawn, state.t);
    this.panel.hidden = boxes.length === 0;
    const width = this.figure.clientWidth;
    const key = `${rows[0]?.t} ${rows.length} ${rows.at(-1)?.t} ${past} ${width} ${boxes}`;
    if (key === this.key || width === 0) return;
    this.key = key;
    this.figure.replaceChildren(draw(rows, past, boxes, state.wires, width));
  }
}

function draw(rows, past, boxes, wires, width) {
  const time = width < 500 ? 40 : TIME;
  const lane = (width - time) / boxes.length;
  const top = lane < CLOSE ? HEAD_OF_CLOSE : HEAD;
  const height = top + (BEFORE + AFTER) * ROW + 12;
  const lanes = new Map(boxes.map((id, index) => [id, time + lane * (index + 0.5)]));
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": text("sequence") });
  for (const [id, x] of lanes) {
    picture.append(
      svg("line.lane", { x1: x, y1: top - 8, x2: x, y2: height }),
      ...laneName(boxName(id), x, lane, top),
    );
  }
  const now = top + past * ROW - 4;
  picture.append(svg("rect.future", { x: 0, y: now, width, height: height - now }), svg("line.now", { x1: 0, y1: now, x2: width, y2: now }));
  rows.forEach((event, index) => picture.append(...row(event, top + index * ROW, { lanes, wires, time, width })));
  return picture;
}

/** A name above its line; where lines are close, its number stands below it, or it is turned. */
function laneName(name, x, lane, top) {
  if (lane < CLOSE) {
    const turned = `translate(${x} ${top - 14}) rotate(-60)`;
    return [svg("text.lane-name.small-name", { transform: turned }, name)];
  }
  if (lane >= 100) return [svg("text.lane-name", { x, y: 16, "text-anchor": "middle" }, name)];
  const [word, digits] = name.split(" ");
  const fits = Math.max(3, Math.floor(lane / 5.6));
  const rows = [word.length > fits ? `${word.slice(0, fits - 1)}…` : word, digits ?? ""];
  return rows.map((part, index) => svg("text.lane-name.small-name", { x, y: 10 + 12 * index, "text-anchor": "middle" }, part));
}

function row(event, y, { lanes, wires, time, width }) {
  const stamp = svg("text.stamp", { x: time - 8, y: y + 18, "text-anchor": "end" }, (event.t / 1000).toFixed(time < TIME ? 2 : 3));
  if (event.box !== undefined) return [stamp, ...note(event, lanes.get(event.box), y + 14, width)];
  const [from, to] = ends(wires[event.wire], event.way).map((id) => lanes.get(id));
  if (from === undefined || to === undefined) return [stamp];
  const [y1, y2] = [y + 12, y + 22];
  const pointing = to > from ? -1 : 1;
  const kind = `${event.is}.${event.way}`;
  return [
    stamp,
    svg(`line.arrow.${kind}`, { x1: from, y1, x2: to + pointing * 4, y2: y2 - 1 }),
    svg(`path.head.${kind}`, { d: `M${to} ${y2}l${pointing * 8} -5.5l${pointing * -1} 8z` }),
    svg("text.saying", { x: (from + to) / 2, y: y + 11, "text-anchor": "middle" }, shortTextOf(event, Math.floor((Math.abs(to - from) - 8) / LETTER))),
  ];
}

/** What a program does: a dot on its line, and a word beside it, on the side that has room. */
function note(event, x, y, width) {
  if (x === undefined) return [];
  const failed = isFailure(event);
  const saying = event.is === "ended" && event.signal === "SIGKILL" ? text("killed.mark") : text(`${event.is}.mark`);
  const beside = x + NOTE < width ? { x: x + 10 } : { x: x - 10, "text-anchor": "end" };
  return [
    svg(`circle.note${failed ? ".failed" : ""}.${event.is}`, { cx: x, cy: y, r: 5 }),
    svg(`text.saying${failed ? ".failed" : ""}`, { ...beside, y: y + 4 }, saying),
  ];
}
