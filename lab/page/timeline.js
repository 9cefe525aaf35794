// The controls of the time line: play, step, jump to a failure, speed, the place in the recording; save and open.

import { el, icon, setAttribute, setText, svg } from "./dom.js";
import { isFailure } from "./player.js";
import { text } from "./texts.js";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10];

/** Into how many pieces the strip of what happened is divided. */
const PIECES = 160;

/**
 * The bar. `options.save` is the address of the recording, `options.open` is called with a file; each is left out where
 * there is none.
 */
export class Timeline {
  constructor(player, options) {
    this.player = player;
    this.drawn = "";
    const press = (names, key, action) =>
      el("button.control", { title: text(key), "aria-label": text(key), onclick: action }, ...names.split(" ").map(icon));
    this.play = press("play", "play", () => player.toggle());
    this.live = el("button.live", { onclick: () => player.goLive() }, text("live"));
    this.speed = el(
      "select",
      { title: text("speed"), "aria-label": text("speed"), onchange: () => player.setSpeed(Number(this.speed.value)) },
      ...SPEEDS.map((speed) => el("option", { value: speed, selected: speed === player.speed }, `× ${speed}`)),
    );
    this.range = el("input.range", {
      type: "range", min: "0", max: "1000", step: "1", value: "0", "aria-label": text("position"),
      oninput: () => player.seek((Number(this.range.value) / 1000) * this.end()),
    });
    this.strip = svg("svg.strip", { viewBox: `0 0 ${PIECES} 24`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this.clock = el("span.clock");
    this.bar = el(
      "footer.timeline",
      { "aria-label": text("timeline"), role: "region" },
      el("div.track", {}, this.strip, this.range),
      el(
        "div.bar",
        {},
        el(
          "div.group",
          {},
          press("left failure", "failure.back", () => player.failure(-1)),
          press("back", "step.back", () => player.step(-1)),
          this.play,
          press("forward", "step.forward", () => player.step(1)),
          press("failure right", "failure.forward", () => player.failure(1)),
        ),
        this.speed,
        this.live,
        this.clock,
        el("div.group.files", {}, ...files(options)),
      ),
    );
  }

  /** The length of what can be scrolled. */
  end() {
    const { following, position, length } = this.player;
    return Math.max(following ? position : length, 1);
  }

  /** Shows where the player is. */
  update() {
    const { player } = this;
    const end = this.end();
    this.range.value = String(Math.round((1000 * player.position) / end));
    this.range.setAttribute("aria-valuetext", text("seconds", (player.position / 1000).toFixed(1)));
    setText(this.clock, `${(player.position / 1000).toFixed(1)} / ${text("seconds", (end / 1000).toFixed(1))}`);
    this.live.hidden = player.live === null;
    setAttribute(this.live, "aria-pressed", String(player.following === true));
    this.updatePlay();
    this.updateStrip(end);
  }

  updatePlay() {
    const key = this.player.playing ? "pause" : "play";
    if (this.play.dataset.key === key) return;
    this.play.dataset.key = key;
    this.play.title = text(key);
    this.play.setAttribute("aria-label", text(key));
    this.play.replaceChildren(icon(key));
  }

  /** How much happened when, and the failures. */
  updateStrip(end) {
    const key = `${this.player.events.length} ${Math.round(end / 250)}`;
    if (key === this.drawn) return;
    this.drawn = key;
    const busy = new Array(PIECES).fill(0);
    const shown = this.player.events.filter((event) => event.at <= end);
    const piece = (event) => Math.min(PIECES - 1, Math.floor((PIECES * event.at) / end));
    for (const event of shown) if (event.is === "message") busy[piece(event)] += 1;
    const most = Math.max(...busy, 1);
    const bars = busy.flatMap((count, index) =>
      count === 0 ? [] : [svg("rect.busy", barAt(index + 0.15, 0.7, 3 + (15 * count) / most))],
    );
    const failures = shown
      .filter(isFailure)
      .map((event) => svg("rect.failure", barAt((PIECES * event.at) / end, 0.5, 24)));
    this.strip.replaceChildren(...bars, ...failures);
  }
}

function barAt(x, width, height) {
  return { x, y: 24 - height, width, height };
}

function label(key) {
  return el("span.label", {}, text(key));
}

function files({ save, open }) {
  const buttons = [];
  if (save) buttons.push(el("a.button", { href: save, download: "", title: text("save.title") }, icon("save"), label("save")));
  if (open) {
    const input = el("input", { type: "file", accept: ".jsonl,.json", hidden: true });
    input.addEventListener("change", () => input.files[0] && open(input.files[0]));
    buttons.push(
      el("button.button", { title: text("open.title"), onclick: () => input.click() }, icon("open"), label("open")),
      input,
    );
  }
  return buttons;
}
