// A recording: what an experiment or a scene did, as JSON lines. The first line says what it is, each other line is
// one event: `t` in milliseconds since the start, `is` its kind.

/** The version of the format that this page plays. */
export const VERSION = 1;

/** Reads a recording. Throws an Error with the number of the line that is wrong. */
export function parse(text) {
  const lines = text.split("\n").map((line, index) => [line.trim(), index + 1]).filter(([line]) => line);
  if (lines.length === 0) throw new Error("line 1: the file is empty");
  const [header, ...events] = lines.map(([line, number]) => parseLine(line, number));
  if (header.lab !== VERSION) throw new Error(`line 1: this is not a recording of version ${VERSION}`);
  events.forEach((event, index) => {
    if (!isEvent(event)) throw new Error(`line ${lines[index + 1][1]}: this is not an event`);
  });
  return { header, events };
}

/** Whether this is an event: it has a time and a kind. */
export function isEvent(value) {
  return Number.isFinite(value?.t) && typeof value.is === "string";
}

function parseLine(line, number) {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`line ${number}: this is not JSON`);
  }
}

/** How much time a message takes on the picture to travel from one box to the next, in milliseconds of the recording. */
export const FLIGHT = 500;

/** The least time between two messages on the same way, so that each is seen. */
const APART = 45;

/** By how much the picture may be behind the recording, in milliseconds. */
const MOST_BEHIND = 1200;

/**
 * Returns a function that says for each event, in their order, when the picture shows it.
 *
 * A reply leaves a server within microseconds, but on the picture the request still travels to it then. So that causes
 * stand before their effects, what a box does is shown when all that it had received before has arrived on the picture,
 * and what is said about the whole after all of it. Nothing is shown before it happened, or much later.
 */
export function schedule() {
  const free = new Map(); // What each box does next is shown at that time or later.
  const last = new Map(); // The same for each way of each wire: messages do not overtake each other.
  const wires = new Map();
  let floor = 0; // The same for all.

  const notBefore = (event, ...times) => Math.min(Math.max(event.t, floor, ...times), event.t + MOST_BEHIND);

  return (event) => {
    switch (event.is) {
      case "scene":
        (event.wires ?? []).forEach((wire) => wires.set(wire.wire, wire));
        return notBefore(event);
      case "link":
        wires.set(event.wire, event);
        return notBefore(event);
      case "message":
      case "command": {
        const [from, to] = ends(wires.get(event.wire), event.way);
        const way = `${event.wire} ${event.way}`;
        const at = notBefore(event, free.get(from) ?? 0, last.has(way) ? last.get(way) + APART : 0);
        last.set(way, at);
        free.set(from, Math.max(free.get(from) ?? 0, at));
        if (event.is === "message") free.set(to, Math.max(free.get(to) ?? 0, at + FLIGHT));
        return at;
      }
      case "printed":
      case "ended":
      case "counter":
        return notBefore(event, free.get(event.box) ?? 0);
      case "counted":
        return notBefore(event, ...ends(wires.get(event.wire), "up").map((box) => free.get(box) ?? 0));
      case "step":
      case "verdict":
      case "end":
        floor = notBefore(event, ...free.values());
        return floor;
      default:
        return notBefore(event);
    }
  };
}

/** The boxes that a message on this wire goes from and to. `up` is from the connecting socket to the binding one. */
export function ends(wire, way) {
  if (!wire) return [undefined, undefined];
  return way === "up" ? [wire.connects, wire.binds] : [wire.binds, wire.connects];
}
