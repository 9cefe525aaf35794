// What stands above the picture: in an experiment the claim, the question, what is being done, and the verdict.

import { el, rich, setText } from "./dom.js";
import { number, pick, text } from "./texts.js";

/**
 * The panel of an experiment. `texts` is its entry in experiments.json; `run` starts it (or plays the recording), under
 * the text `label`; `again` and `next` are called by the buttons below the verdict, and left out where there are none.
 * `guess` is the answer that was chosen before, if one was.
 */
export class Guide {
  constructor(texts, { run, label, again, next, guess = null, onguess = () => {} }) {
    Object.assign(this, { texts, run, label, again, next, guess, onguess });
    this.phase = null;
    this.panel = el("section.guide", { "aria-live": "polite" });
  }

  /** Shows the part that belongs to a state; `begun` says whether it runs or has run. */
  update(state, begun) {
    const phase = state.verdict ? "verdict" : begun ? "steps" : "ask";
    if (phase !== this.phase) {
      this.phase = phase;
      this.panel.dataset.phase = phase;
      this.steps = null;
      this.panel.replaceChildren(this.claim(), ...this.parts(phase, state));
    }
    if (phase === "steps") this.updateSteps(state.steps);
  }

  claim() {
    const { experiment, claim } = this.texts;
    return el(
      "div.claim",
      {},
      el("span.badge", {}, experiment.toUpperCase()),
      el("div", {}, el("p.overline", {}, text("claim")), el("blockquote", {}, ...rich(pick(claim)))),
    );
  }

  parts(phase, state) {
    if (phase === "ask") return [this.question()];
    if (phase === "verdict") return [verdict(state.verdict), this.explanation(), this.after()].filter(Boolean);
    this.step = el("p.step");
    this.before = el("p.step-before");
    return [el("div.steps", {}, this.before, this.step)];
  }

  question() {
    const name = `answer-${this.texts.experiment}`;
    const answers = this.texts.answers.map((answer, index) =>
      el(
        "label.answer",
        {},
        el("input", {
          type: "radio", name, checked: this.guess === index,
          onchange: () => {
            this.guess = index;
            this.onguess(index);
          },
        }),
        el("span", {}, ...rich(pick(answer))),
      ),
    );
    const form = el(
      "form.question",
      {
        onsubmit: (event) => {
          event.preventDefault();
          this.run();
        },
      },
      el("fieldset", {}, el("legend", {}, ...rich(pick(this.texts.question))), ...answers),
      el("button.primary", { type: "submit" }, this.label),
    );
    return form;
  }

  updateSteps(steps) {
    if (this.steps === steps) return;
    this.steps = steps;
    const [before, last] = [steps.at(-2), steps.at(-1)];
    this.before.replaceChildren(...(before ? rich(pick(before.text)) : []));
    this.step.replaceChildren(...(last ? rich(pick(last.text)) : [text("starting")]));
  }

  explanation() {
    const { answers, right, explanation } = this.texts;
    const key = this.guess === null ? "guess.none" : this.guess === right ? "guess.right" : "guess.wrong";
    return el(
      "div.explanation",
      {},
      el("p.guess", { className: `guess ${key.replace(".", "-")}` }, text(key)),
      el("p.right", {}, ...rich(pick(answers[right]))),
      el("p", {}, ...rich(pick(explanation))),
    );
  }

  after() {
    const buttons = [
      this.again ? el("button.button", { onclick: this.again }, text("again")) : null,
      this.next ? el("button.button", { onclick: this.next }, text("next")) : null,
    ].filter(Boolean);
    return buttons.length > 0 ? el("div.after", {}, ...buttons) : null;
  }
}

/** What was counted, and in a sentence what it means. */
function verdict(event) {
  const scores = event.beside
    ? [score(event, text("plain")), score(event.beside, text("reliable"))]
    : [score(event)];
  const head = el("p.outcome", {}, text(event.holds ? "holds" : "fails"));
  head.classList.add(event.holds ? "holds" : "fails");
  const columns = el("div.scores", {}, ...scores);
  return el("div.verdict", {}, head, el("p.sentence", {}, ...rich(pick(event.text))), columns);
}

function score(counts, name) {
  const figures = ["expected", "arrived", "lost", "twice"].map((key) => {
    const figure = el("div.figure", {}, el("dt", {}, text(key)), el("dd", {}, number(counts[key] ?? 0)));
    figure.dataset.kind = key;
    if ((key === "lost" || key === "twice") && counts[key] > 0) figure.classList.add("bad");
    return figure;
  });
  return el("div.score", {}, name ? el("h3", {}, name) : null, el("dl", {}, ...figures));
}

/** What stands above a scene without an experiment. */
export function sceneHead(scene, hint) {
  const title = el("h1");
  setText(title, text(`scene.${scene}`));
  return el("section.scene-head", {}, title, el("p.soft", {}, hint));
}
