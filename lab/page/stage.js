// The stage: the picture with its boxes and wires, what is said above it, the consoles, the sequence diagram and the
// time line; all of it shows the state of a player at its position.

import { BoxView } from "./boxes.js";
import { el, setAttribute } from "./dom.js";
import { bands, curves } from "./geometry.js";
import { Sequence } from "./sequence.js";
import { text } from "./texts.js";
import { Timeline } from "./timeline.js";
import { Wires } from "./wires.js";

/** From this width on the columns stand beside each other, and from that one on the boxes have room for consoles. */
const BESIDE = 640;
const ROOMY = 980;

/** With more boxes than these, in all or in a column, the consoles stand below the picture, however wide it is. */
const FEW = 5;
const LOW = 2;

/**
 * A stage for a player. `options.act` sends a command to the lab, `options.adds` are the roles that can be added (both
 * are left out for a recording), `options.timeline` goes to the time line, `options.head` makes what stands above.
 */
export class Stage {
  constructor(player, options) {
    Object.assign(this, { player, options });
    this.boxes = new Map();
    this.wires = new Wires(options.act);
    this.sequence = new Sequence();
    this.timeline = new Timeline(player, options.timeline ?? {});
    this.bands = el("div.bands");
    this.picture = el("section.picture", { tabIndex: -1 }, this.wires.picture, this.wires.menus, this.wires.flights, this.bands);
    this.consoles = el("section.consoles");
    this.more = el("div.more", {}, ...this.moreButtons());
    this.head = el("div.stage-head");
    this.view = el(
      "main.stage", {}, this.head, this.picture, this.more, this.consoles, this.sequence.panel, this.timeline.bar,
    );
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(this.picture);
  }

  moreButtons() {
    const { act, adds = [] } = this.options;
    if (!act) return [];
    return [
      ...adds.map((role) => el("button.button", { onclick: () => act({ do: "add", role }) }, `+ ${text("add", role)}`)),
      el("button.button", { onclick: () => act({ do: "stop" }) }, text("stop")),
    ];
  }

  /** Puts something above the picture. */
  setHead(...parts) {
    this.head.replaceChildren(...parts);
  }

  /** Ends the view; the player goes on. */
  close() {
    this.observer.disconnect();
    this.view.remove();
  }

  /** Shows the player's state. */
  update() {
    const state = this.player.state();
    this.wires.fly(this.player.flying());
    this.timeline.update();
    this.updateControls();
    if (state === this.shown) return state;
    this.shown = state;
    const key = JSON.stringify([
      Object.values(state.boxes).map(({ box, column, row }) => [box, column, row]),
      Object.values(state.wires).map(({ wire, connects, binds }) => [wire, connects, binds]),
    ]);
    if (key !== this.key) {
      this.key = key;
      this.arrange(state);
    }
    for (const [id, view] of this.boxes) view.update(state.boxes[id]);
    this.wires.update(state.wires);
    this.sequence.update(this.player, state, [...this.boxes.keys()]);
    return state;
  }

  /** While the picture shows what has been, nobody can press what is there now. */
  updateControls() {
    const { live, following, position, length } = this.player;
    const past = live !== null && !following && position < length;
    if (past === this.past) return;
    this.past = past;
    setAttribute(this.view, "data-past", past ? "yes" : null);
    for (const element of [this.more, ...[...this.boxes.values()].map(({ controls }) => controls)]) element.inert = past;
  }

  /** Makes the boxes and wires of a state, in bands of those that belong together, and in columns within. */
  arrange(state) {
    const boxes = Object.values(state.boxes).sort((one, other) => one.column - other.column || one.row - other.row);
    const wires = Object.values(state.wires);
    const groups = bands(boxes, wires);
    this.boxes = new Map(groups.flat().map((id) => [id, this.boxes.get(id) ?? new BoxView(id, this.options.act)]));
    this.where = new Map();
    this.tall = 0;
    const roles = new Set(boxes.map(({ role }) => role));
    const beside = roles.has("producer") && roles.has("dispatcher");
    const views = groups.map((ids, band) => {
      const columns = [...new Set(ids.map((id) => state.boxes[id].column))].sort((one, other) => one - other);
      const detour = wires.some((wire) => {
        const [one, other] = [wire.connects, wire.binds].map((id) => columns.indexOf(state.boxes[id]?.column));
        return ids.includes(wire.connects) && Math.abs(one - other) > 1;
      });
      const view = el("div.band", {}, ...columns.map((column, index) => {
        const inside = ids.filter((id) => state.boxes[id].column === column);
        this.tall = Math.max(this.tall, inside.length);
        inside.forEach((id) => this.where.set(id, { column: index, band }));
        return el("div.column", {}, ...inside.map((id) => this.boxes.get(id).card));
      }));
      view.dataset.columns = columns.length;
      if (detour) view.dataset.detour = "yes";
      const reliable = ids.some((id) => state.boxes[id].role === "dispatcher");
      return beside ? el("div.named", {}, el("h2.band-name", {}, text(reliable ? "reliable" : "plain")), view) : view;
    });
    this.bands.replaceChildren(...views);
    this.observer.disconnect();
    for (const element of [this.picture, ...[...this.boxes.values()].map(({ card }) => card)]) this.observer.observe(element);
    this.wires.arrange(wires);
    this.past = null;
    this.layout = null;
    this.measure();
  }

  /** Chooses the layout for the room that there is, and draws the wires between the boxes. */
  measure() {
    const width = this.picture.clientWidth;
    if (width === 0 || this.boxes.size === 0) return;
    const many = this.boxes.size > FEW || this.tall > LOW;
    const layout = width < BESIDE ? "narrow" : width < ROOMY || many ? "compact" : "roomy";
    if (layout !== this.layout) {
      this.layout = layout;
      setAttribute(this.view, "data-layout", layout);
      for (const view of this.boxes.values()) (layout === "roomy" ? view.card : this.consoles).append(view.console);
    }
    for (const orphan of [...this.consoles.children]) {
      if (![...this.boxes.values()].some((view) => view.console === orphan)) orphan.remove();
    }
    const origin = this.picture.getBoundingClientRect();
    const rects = new Map([...this.boxes].map(([id, { card }]) => {
      const { left, top, right, bottom } = card.getBoundingClientRect();
      const shift = { left: left - origin.left, top: top - origin.top, right: right - origin.left, bottom: bottom - origin.top };
      return [id, { ...shift, ...this.where.get(id) }];
    }));
    const wires = Object.values(this.player.state().wires);
    this.wires.place(curves(wires, rects, layout === "narrow"), rects, width);
    this.shown = null; // The diagram depends on the width.
  }
}
