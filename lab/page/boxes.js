// A program on the picture: a card with its name, its state and its counters, and a console with its command line, its
// terminal and its buttons. The console is part of the card where there is room, and stands below the picture elsewhere.

import { el, icon, setAttribute, setText } from "./dom.js";
import { waiting } from "./reduce.js";
import { boxName, hasText, number, text } from "./texts.js";

/** What one can do with a program, by its state. */
const ACTIONS = {
  new: ["start"],
  running: ["pause", "interrupt", "kill"],
  paused: ["continue", "kill"],
  ended: ["start"],
};

/** The roles whose programs have a twin in Python. */
const TWINS = new Set(["server", "client", "publisher", "subscriber", "producer", "consumer", "collector"]);

/** The views of a program. `act` sends a command to the lab; a recording has none. */
export class BoxView {
  constructor(id, act) {
    this.id = id;
    this.act = act;
    this.shown = null;
    this.name = el("h3.name", {}, boxName(id));
    this.state = el("span.state");
    this.figures = el("dl.figures");
    this.queue = el("span.queue-fill");
    this.card = el(
      "article.box",
      { "aria-label": boxName(id) },
      el("header.box-head", {}, el("span.light"), this.name, this.state),
      this.figures,
      el("div.queue", { "aria-hidden": "true" }, this.queue),
    );
    this.stateBelow = el("span.state");
    this.console = this.makeConsole();
  }

  makeConsole() {
    const copy = ({ currentTarget: button }) => {
      const copied = (icons) => button.replaceChildren(icon(icons));
      navigator.clipboard?.writeText(this.command.textContent).then(() => {
        copied("check");
        setTimeout(() => copied("copy"), 1500);
      }, () => {});
    };
    this.command = el("code.command");
    this.terminal = el("div.terminal", { role: "log", tabIndex: 0, "aria-label": text("terminal", boxName(this.id)) });
    this.buttons = el("div.buttons");
    this.twin = el("div.twin", { role: "group", title: text("language.next"), "aria-label": text("language.next") });
    this.controls = el("div.controls", {}, this.buttons, this.twin);
    return el(
      "section.console",
      { "aria-label": boxName(this.id) },
      el("h4.console-name", {}, el("span.light"), boxName(this.id), this.stateBelow),
      el(
        "div.command-line",
        {},
        this.command,
        el("button.plain", { title: text("copy"), "aria-label": text("copy"), onclick: copy }, icon("copy")),
      ),
      this.terminal,
      this.act ? this.controls : null,
    );
  }

  /** Shows the box as it is in a state; the same box again costs nothing. */
  update(box) {
    if (this.shown === box) return;
    const before = this.shown;
    this.shown = box;
    for (const element of [this.card, this.console]) {
      setAttribute(element, "data-state", stateClass(box));
      setAttribute(element, "data-role", box.role);
    }
    for (const state of [this.state, this.stateBelow]) setText(state, stateText(box));
    if (before?.command !== box.command) this.updateCommand(box.command);
    this.updateFigures(box);
    if (before?.lines !== box.lines) this.updateTerminal(before?.lines ?? [], box.lines);
    if (this.act && (before?.state !== box.state || before?.language !== box.language)) this.updateControls(box);
  }

  /** Each word on one line, as a shell would read it. */
  updateCommand(command) {
    const words = command.split(" ").flatMap((word) => [" ", el("span", {}, word)]).slice(1);
    this.command.replaceChildren(...words);
  }

  updateFigures(box) {
    const figures = figuresOf(box);
    const shown = figures.map(([label, value]) => `${label} ${value}`).join();
    if (this.figures.dataset.shown !== shown) {
      this.figures.dataset.shown = shown;
      this.figures.replaceChildren(
        ...figures.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, number(value)))),
      );
    }
    setAttribute(this.card, "data-queue", box.role === "consumer" ? "yes" : null);
    const most = Math.max(50, box.peak);
    this.queue.style.width = `${(100 * waiting(box)) / most}%`;
  }

  /** Adds what is new; after a step back, makes all anew. */
  updateTerminal(before, lines) {
    const atEnd = this.terminal.scrollTop + this.terminal.clientHeight >= this.terminal.scrollHeight - 8;
    const more = before.length > 0 && lines.length >= before.length && before.every((line, index) => line === lines[index]);
    if (!more) this.terminal.replaceChildren();
    this.terminal.append(...lines.slice(more ? before.length : 0).map(lineElement));
    if (atEnd || !more) this.terminal.scrollTop = this.terminal.scrollHeight;
  }

  updateControls(box) {
    const focused = this.buttons.contains(document.activeElement);
    this.buttons.replaceChildren(
      ...ACTIONS[box.state].map((action) =>
        el(
          `button.small.${action}`,
          { title: text(`title.${action}`), onclick: () => this.act({ do: action, box: this.id }) },
          text(`do.${action}`),
        ),
      ),
    );
    // The button that was pressed is gone; the keyboard stays where it was.
    if (focused) this.buttons.firstElementChild?.focus();
    if (!TWINS.has(box.role)) return;
    this.twin.replaceChildren(
      ...["rust", "python"].map((language) =>
        el(
          "button.small",
          {
            ariaPressed: String(box.language === language),
            onclick: () => this.act({ do: "language", box: this.id, language }),
          },
          language === "rust" ? "Rust" : "Python",
        ),
      ),
    );
  }
}

function lineElement(line) {
  if (line.again) return el("div.line.again", {}, text("again.mark"));
  return line.skipped === undefined
    ? el(`div.line.${line.stream === "stderr" ? "stderr" : "stdout"}`, {}, ...line.text.split(/(█+)/).map(withBlocks))
    : el("div.line.skipped", {}, text("skipped", number(line.skipped)));
}

function withBlocks(part, index) {
  return index % 2 === 1 ? el("span.blocks", {}, part) : part;
}

/** The figures of a box: those that the lab counts, else what has passed its sockets; and its queue. */
function figuresOf(box) {
  const counted = Object.entries(box.counters).map(([name, value]) => [
    hasText(`counter.${name}`) ? text(`counter.${name}`) : name,
    value,
  ]);
  const passed = [[text("in"), box.in], [text("out"), box.out]].filter(([, value]) => value > 0);
  // What waits in a process is lost when it ends.
  const name = text(box.state === "ended" ? "counter.lost" : "waiting");
  const queue = box.role === "consumer" && box.peak > 1 ? [[name, waiting(box)]] : [];
  return [...(counted.length > 0 ? counted : passed), ...queue];
}

function stateClass(box) {
  if (box.state !== "ended") return box.state;
  if (box.signal === "SIGKILL") return "killed";
  return box.code === 0 ? "done" : "failed";
}

function stateText(box) {
  if (box.state !== "ended") return text(box.state);
  if (box.signal) return box.signal === "SIGKILL" ? text("killed") : box.signal;
  return box.code === 0 ? text("done") : text("exit", box.code);
}
