// What a message says, in as many letters as there is room for.

import { number, text } from "./texts.js";

/** All of it: the frames, or the length where it is encrypted. Of a handshake the name is enough. */
export function textOf(event) {
  if (event.is === "command") return event.text && event.name !== "READY" ? `${event.name} ${event.text}` : event.name;
  if (event.encrypted) return text("bytes", number(event.bytes));
  // REQ and REP put an envelope first: an empty frame, and before it the number of the request, where there is one.
  const empty = event.frames.slice(0, -1).slice(0, 2).indexOf("");
  return event.frames.slice(empty + 1).join(" │ ");
}

/** As much as fits into that many letters: of a long JSON object its type and its number, which say most. */
export function shortTextOf(event, letters) {
  const full = textOf(event);
  const shown = full.length > letters ? brief(full) : full;
  return shown.length > letters ? `${shown.slice(0, Math.max(1, letters - 1))}…` : shown;
}

function brief(message) {
  if (!message.startsWith("{")) return message;
  const [, type] = /"type": ?"(\w+)"/.exec(message) ?? [];
  const [, num] = /"num": ?(\d+)/.exec(message) ?? [];
  return [type, num && `num ${num}`].filter(Boolean).join(", ") || message;
}
