// What the live page and the player of recordings share: the header, the keyboard, the clock.

import { el } from "./dom.js";
import { language, setLanguage, text } from "./texts.js";

/** Light or dark, where the address says so: for a frame in a page that has a theme of its own. */
const theme = new URLSearchParams(location.search).get("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;

/** Whether the page is a frame of another one. */
export const embedded = window.parent !== window;

/** The header of the page: the name, which leads `home`, and the switch of the language. */
export function header({ home, changed }) {
  const name = home
    ? el("button.brand", { title: text("home"), onclick: home }, mark(), text("lab"))
    : el("span.brand", {}, mark(), text("lab"));
  const languages = [["en", "English"], ["zh-TW", "中文"]].map(([code, label]) =>
    el(
      "button.small",
      {
        lang: code,
        ariaPressed: String(language() === code),
        onclick: () => {
          setLanguage(code);
          changed();
        },
      },
      label,
    ),
  );
  return el("header.top", {}, name, el("div.twin", { role: "group", "aria-label": "Language" }, ...languages));
}

function mark() {
  return el("span.brand-mark", { "aria-hidden": "true" }, "Ø");
}

/** Space plays and pauses, the arrows step, with Shift to the failures; not while one types or chooses. */
export function keyboard(player) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (target.closest("select, textarea, input:not([type=range])")) return;
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === " " && !target.closest("button, a, [role=log]")) player.toggle();
    else if (direction && event.shiftKey) player.failure(direction);
    else if (direction) player.step(direction);
    else return;
    event.preventDefault();
  });
}

/** Lets the player's time pass with the browser's, and calls `show` for each frame. */
export function run(player, show) {
  let last = performance.now();
  const frame = (now) => {
    player.tick(now - last, now);
    last = now;
    show();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** Calls `open` with a file that is dropped on the page. */
export function dropped(open) {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) open(file);
  });
}

/** Shows a message until the next one, or until it is clicked away. */
export function notice(message) {
  document.querySelector(".notice")?.remove();
  if (message) document.body.append(el("button.notice", { role: "alert", onclick: (event) => event.target.remove() }, message));
}
