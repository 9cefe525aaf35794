// The wires between the boxes, what travels on them, and their buttons.

import { el, icon, setAttribute, setText, svg } from "./dom.js";
import { pathOf, pointAt } from "./geometry.js";
import { shortTextOf, textOf } from "./message.js";
import { boxName, number, text } from "./texts.js";

/** Where a wire's menu is, from its connecting box (0) to its binding one (1). */
const MENU_AT = 0.25;

/** The width of a letter of a label, and the space that a label leaves to the boxes, in pixels. */
const LETTER = 6.7;
const MARGIN = 10;

/** The most letters of a label. */
const LONGEST = 30;

/** How slow a slow wire is, in milliseconds. */
const SLOW_MS = 500;

/** The lines, the menus and the travelling messages. `act` sends a command to the lab; a recording has none. */
export class Wires {
  constructor(act) {
    this.act = act;
    this.lines = svg("g");
    this.dots = svg("g");
    this.picture = svg("svg.wires", { "aria-hidden": "true" }, this.lines);
    this.flights = svg("svg.wires", { "aria-hidden": "true" }, this.dots);
    this.menus = el("div.menus");
    this.views = new Map();
    this.curves = new Map();
  }

  /** Makes the wires that are new, and removes those that are gone. */
  arrange(wires) {
    for (const [id, view] of this.views) {
      if (!wires.some((wire) => wire.wire === id)) {
        view.line.remove();
        view.menu.remove();
        this.views.delete(id);
      }
    }
    for (const wire of wires.filter((wire) => !this.views.has(wire.wire))) {
      const view = this.makeView(wire);
      this.views.set(wire.wire, view);
      this.lines.append(view.line);
      this.menus.append(view.menu);
    }
  }

  makeView(wire) {
    const name = text("wire", boxName(wire.connects), boxName(wire.binds));
    const state = el("span.wire-state");
    const total = el("p.wire-total");
    const button = el(
      "button.wire-button",
      { title: name, "aria-label": name, ariaExpanded: "false" },
      icon("more"),
      state,
    );
    const items = el("div.wire-items", { hidden: true }, el("p.wire-name", {}, name), total);
    if (this.act) {
      const actions = ["cut", "stalled", "slow", "mended"].map((state) => {
        const delay = state === "slow" ? { delay_ms: SLOW_MS } : {};
        const onclick = () => {
          this.act({ do: "wire", wire: wire.wire, state, ...delay });
          open(false);
          button.focus();
        };
        return el(`button.small.${state}`, { title: text(`title.${state}`), onclick }, text(`do.${state}`));
      });
      items.append(el("div.buttons", {}, ...actions));
    }
    const open = (yes) => {
      items.hidden = !yes;
      button.ariaExpanded = String(yes);
      menu.classList.toggle("open", yes);
    };
    const menu = el("div.menu", {}, button, items);
    button.addEventListener("click", () => open(items.hidden));
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      open(false);
      button.focus();
    });
    menu.addEventListener("focusout", (event) => {
      if (!menu.contains(event.relatedTarget)) open(false);
    });
    return { line: svg("path.wire", { fill: "none" }), menu, state, total };
  }

  /** Draws the wires along curves, in a picture of that width with boxes there. */
  place(curves, rects, width) {
    this.curves = curves;
    this.width = width;
    for (const [id, { line, menu }] of this.views) {
      const curve = curves.get(id);
      if (!curve) continue;
      setAttribute(line, "d", pathOf(curve));
      const { x, y } = menuPlace(curve, rects);
      menu.style.left = `${x}px`;
      menu.style.top = `${y}px`;
      menu.classList.toggle("to-left", x > width - 180);
      menu.classList.toggle("to-right", x < 180);
    }
  }

  /** Shows the wires as they are in a state. */
  update(wires) {
    for (const wire of Object.values(wires)) {
      const view = this.views.get(wire.wire);
      if (!view || view.shown === wire) continue;
      view.shown = wire;
      const state = wire.state === "mended" && wire.connections === 0 ? "idle" : wire.state;
      setAttribute(view.line, "data-state", state);
      setAttribute(view.menu, "data-state", state);
      setText(view.state, wire.state === "mended" ? "" : text(`wire.${wire.state}`, wire.delay_ms));
      setText(view.total, text("wire.total", number(wire.up), number(wire.down)));
    }
  }

  /** Draws what is on its way: `flying` has events and how far each is, from 0 to 1, in their order. */
  fly(flying) {
    const newest = new Map(flying.map(({ event }, index) => [`${event.wire} ${event.way} ${event.is}`, index]));
    const marks = flying.map(({ event, progress }, index) => {
      const curve = this.curves.get(event.wire);
      if (!curve) return null;
      const labelled = newest.get(`${event.wire} ${event.way} ${event.is}`) === index;
      return mark(event, curve, event.way === "up" ? progress : 1 - progress, labelled, this.width);
    });
    this.dots.replaceChildren(...marks.filter(Boolean));
  }
}

/** The first place for a menu on a curve where it hides no box. */
function menuPlace(curve, rects) {
  for (let s = MENU_AT; s < 1 - MENU_AT; s += 0.05) {
    const { x, y } = pointAt(curve, s);
    const hides = ({ left, top, right, bottom }) =>
      x > left - MARGIN && x < right + MARGIN && y > top - MARGIN && y < bottom + MARGIN;
    if (![...rects.values()].some(hides)) return { x, y };
  }
  return pointAt(curve, MENU_AT);
}

function mark(event, curve, s, labelled, width) {
  const { x, y, dx, dy } = pointAt(curve, s);
  const upwards = event.way === "up" ? 1 : -1;
  // The two ways run beside each other.
  const [cx, cy] = [x + dy * 4 * upwards, y - Math.abs(dx) * 4 * upwards];
  const shape =
    event.is === "command"
      ? svg("rect", { x: cx - 3, y: cy - 3, width: 6, height: 6, rx: 1 })
      : svg("circle", { cx, cy, r: event.encrypted ? 8 : 5 });
  const group = svg(`g.mark.${event.is}.${event.way}`, {}, svg("title", {}, textOf(event)), shape);
  if (event.encrypted) {
    const lock = svg("svg.mark-lock", { x: cx - 5, y: cy - 5.5, width: 10, height: 10, viewBox: "0 0 16 16" });
    lock.append(...icon("lock").children);
    group.append(lock);
  }
  if (labelled) group.append(label(event, curve, { x: cx, y: cy }, upwards, width));
  return group;
}

/** The text of a message beside its dot: between the boxes, or on a narrow screen towards the nearer edge. */
function label(event, [start, , , end], { x, y }, upwards, width) {
  const fit = (room) => shortTextOf(event, Math.min(LONGEST, Math.max(3, Math.floor(room / LETTER))));
  if (Math.abs(end.x - start.x) <= Math.abs(end.y - start.y)) {
    const short = Math.min(textOf(event).length, LONGEST) * LETTER + 10;
    const toLeft = (start.x + end.x) / 2 < width / 2 - 20 ? x > short || x > width - x : width - x < short && x > width - x;
    const room = (toLeft ? x : width - x) - 10;
    return svg("text", { x: x + (toLeft ? -10 : 10), y: y + 4, "text-anchor": toLeft ? "end" : "start" }, fit(room));
  }
  const [left, right] = [Math.min(start.x, end.x) + MARGIN, Math.max(start.x, end.x) - MARGIN];
  const shown = fit(right - left);
  const half = (shown.length * LETTER) / 2;
  const middle = Math.min(Math.max(x, left + half), Math.max(right - half, left + half));
  return svg("text", { x: middle, y: y - (upwards > 0 ? 11 : -19), "text-anchor": "middle" }, shown);
}
