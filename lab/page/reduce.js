// What is on the picture: a pure function of the events so far. `apply` never changes the state it gets, so that any
// earlier one can be kept, and shown again.

import { ends } from "./recording.js";

/** The most lines that a terminal keeps. */
export const TERMINAL_LINES = 200;

/** The state before the first event. */
export function initial() {
  return { t: 0, scene: null, experiment: null, boxes: {}, wires: {}, steps: [], verdict: null, over: false };
}

/** The state after `event`. Unknown events, and those about unknown boxes and wires, change only the time. */
export function apply(state, event) {
  const change = CHANGES[event.is];
  return { ...state, ...(change ? change(state, event) : {}), t: Math.max(state.t, event.t) };
}

const CHANGES = {
  scene: (state, event) => ({
    scene: event.scene,
    experiment: event.experiment ?? state.experiment,
    boxes: byId(event.boxes ?? [], "box", newBox),
    wires: byId(event.wires ?? [], "wire", newWire),
    verdict: null,
  }),
  box: (state, event) => ({
    boxes: { ...state.boxes, [event.box]: { ...(state.boxes[event.box] ?? newBox(event)), ...declared(event) } },
  }),
  link: (state, event) => ({
    wires: { ...state.wires, [event.wire]: { ...(state.wires[event.wire] ?? newWire(event)), ...declared(event) } },
  }),
  started: (state, event) =>
    changeBox(state, event, (box) => {
      const gone = box.in - box.out; // What it had not done is gone with its last process.
      const again = box.runs > 0 ? addLine(box, { again: true }) : {};
      return { state: "running", pid: event.pid, code: null, signal: null, runs: box.runs + 1, gone, ...again };
    }),
  paused: (state, event) => changeBox(state, event, () => ({ state: "paused" })),
  continued: (state, event) => changeBox(state, event, () => ({ state: "running" })),
  ended: (state, event) =>
    changeBox(state, event, () => ({ state: "ended", code: event.code ?? null, signal: event.signal ?? null })),
  printed: (state, event) => changeBox(state, event, (box) => addLine(box, { stream: event.stream, text: event.text })),
  skipped: (state, event) =>
    changeBox(state, event, (box) => addLine(box, { stream: event.stream, skipped: event.lines })),
  counter: (state, event) =>
    changeBox(state, event, (box) => ({ counters: { ...box.counters, [event.name]: event.value } })),
  wire: (state, event) => changeWire(state, event, () => ({ state: event.state, delay_ms: event.delay_ms ?? 0 })),
  connected: (state, event) => changeWire(state, event, (wire) => ({ connections: wire.connections + 1 })),
  disconnected: (state, event) =>
    changeWire(state, event, (wire) => ({ connections: Math.max(0, wire.connections - 1) })),
  message: (state, event) =>
    changeWire(state, event, () => ({ encrypted: event.encrypted === true })),
  counted: (state, event) => {
    const wire = state.wires[event.wire];
    if (!wire) return {};
    const counted = { up: event.up, down: event.down, up_bytes: event.up_bytes, down_bytes: event.down_bytes };
    const boxes = { ...state.boxes };
    pass(boxes, ends(wire, "up"), event.up - wire.up);
    pass(boxes, ends(wire, "down"), event.down - wire.down);
    return { boxes, wires: { ...state.wires, [event.wire]: { ...wire, ...counted } } };
  },
  step: (state, event) => ({ steps: [...state.steps, { t: event.t, text: event.text }] }),
  verdict: (_state, event) => ({ verdict: event }),
  end: () => ({ over: true }),
};

/** The tasks that a box has received and whose results it has not sent, for those that send one for each. */
export function waiting(box) {
  return box.role === "consumer" ? Math.max(0, box.in - box.out - box.gone) : 0;
}

/** Adds what passed between two boxes to what they have sent and received. */
function pass(boxes, [from, to], messages) {
  if (boxes[from]) boxes[from] = { ...boxes[from], out: boxes[from].out + messages };
  if (boxes[to]) {
    const box = { ...boxes[to], in: boxes[to].in + messages };
    boxes[to] = { ...box, peak: Math.max(box.peak, waiting(box)) };
  }
}

function newBox(event) {
  const nothing = { in: 0, out: 0, gone: 0, peak: 0, runs: 0, lines: [], counters: {}, pid: null, code: null, signal: null };
  return { ...declared(event), state: "new", ...nothing };
}

function newWire(event) {
  const nothing = { up: 0, down: 0, up_bytes: 0, down_bytes: 0, connections: 0, encrypted: false };
  return { ...declared(event), state: "mended", delay_ms: 0, ...nothing };
}

/** What an event says about a box or wire itself. */
function declared({ t: _t, is: _is, ...rest }) {
  return rest;
}

function byId(list, key, make) {
  return Object.fromEntries(list.map((item) => [item[key], make(item)]));
}

function changeBox(state, event, change) {
  const box = state.boxes[event.box];
  return box ? { boxes: { ...state.boxes, [event.box]: { ...box, ...change(box) } } } : {};
}

function changeWire(state, event, change) {
  const wire = state.wires[event.wire];
  return wire ? { wires: { ...state.wires, [event.wire]: { ...wire, ...change(wire) } } } : {};
}

function addLine(box, line) {
  return { lines: [...box.lines.slice(1 - TERMINAL_LINES), line] };
}
