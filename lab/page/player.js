// Plays events: where in the recording the picture is, how fast it goes on, and what it shows there.

import { FLIGHT, schedule } from "./recording.js";
import { apply, initial } from "./reduce.js";

/** The events that a step forward or back stops at. */
const SEEN = new Set([
  "message", "command", "printed", "started", "ended", "paused", "continued", "wire", "connected", "disconnected",
  "box", "step", "verdict",
]);

/** What a sequence diagram shows. */
const DRAWN = new Set(["message", "command", "started", "ended", "paused", "continued"]);

/** After how many events a state is kept. */
const KEPT = 64;

/** By how much the picture stays behind a running scene, in milliseconds: what happens meanwhile still comes in order. */
const BEHIND = 150;

export class Player {
  constructor() {
    this.clear();
    this.speed = 1;
  }

  /** Forgets everything. */
  clear() {
    this.events = []; // In the order in which they are shown; `at` is when.
    this.drawn = []; // Those of a sequence diagram, in the order in which they happened.
    this.moments = []; // Where a step stops.
    this.kept = [initial()];
    this.last = null; // The state that was asked for last, and how many events are in it.
    this.stamp = schedule();
    this.start = 0; // When there is something to see.
    this.position = 0;
    this.playing = false;
    this.following = false; // Whether it shows what runs now.
    this.live = null; // The browser's clock when what runs began.
    this.length = 0;
  }

  /** Adds the next event. */
  append(event) {
    const shown = { ...event, at: this.stamp(event) };
    if (this.events.length === 0) this.position = this.start = shown.at;
    const index = after(this.events, shown.at, (other) => other.at);
    this.events.splice(index, 0, shown);
    if (DRAWN.has(event.is)) this.drawn.push(shown);
    this.kept.length = Math.min(this.kept.length, Math.floor(index / KEPT) + 1);
    if (this.last && index < this.last.index) this.last = null;
    this.length = Math.max(this.length, shown.at + (event.is === "message" ? FLIGHT : 0));
    if (SEEN.has(event.is)) {
      const moment = event.is === "message" ? shown.at + FLIGHT / 2 : shown.at;
      this.moments.splice(after(this.moments, moment, (other) => other), 0, moment);
    }
  }

  /** Follows a running scene, which is at `now` milliseconds at this moment of the browser's clock. */
  follow(now, clock) {
    const start = clock - now;
    // What arrives late says little about the clock over there.
    this.live = this.live === null ? start : Math.min(this.live, start);
  }

  /** Goes to where a running scene is. */
  goLive() {
    if (this.live === null) return;
    this.following = true;
    this.playing = true;
  }

  /** Lets `elapsed` milliseconds of the browser's time pass. */
  tick(elapsed, clock) {
    if (!this.playing) return;
    if (this.following && this.live !== null) {
      this.position = Math.max(this.position, clock - this.live - BEHIND);
      if (this.over() && this.position >= this.length) this.stop();
      return;
    }
    this.position += elapsed * this.speed;
    if (this.position >= this.length) {
      this.position = this.length;
      if (this.live !== null && !this.over()) this.following = true;
      else this.playing = false;
    }
  }

  stop() {
    this.position = this.length;
    this.playing = this.following = false;
  }

  /** Starts to play, from the beginning if the end is reached; or stops. */
  toggle() {
    this.playing = !this.playing;
    if (!this.playing) this.following = false;
    else if (this.position >= this.length && (this.live === null || this.over())) this.position = this.start;
  }

  /** Plays faster or slower; what runs now is left behind then. */
  setSpeed(speed) {
    this.speed = speed;
    if (speed !== 1) this.following = false;
  }

  /** Goes to a time, and stays there if the picture stands still. */
  seek(time) {
    this.following = false;
    this.position = Math.min(Math.max(this.start, time), this.length);
  }

  /** Goes to the next thing that can be seen (1), or to the last one (-1), and stops there. */
  step(direction) {
    this.playing = false;
    this.to(direction, this.moments);
  }

  /** Goes to the next failure (1), or to the last one (-1), and stops there. */
  failure(direction) {
    this.playing = false;
    this.to(direction, this.failures());
  }

  to(direction, moments) {
    const next =
      direction > 0
        ? moments[after(moments, this.position + 0.01, (moment) => moment)]
        : moments[after(moments, this.position - 0.01, (moment) => moment) - 1];
    this.seek(next ?? (direction > 0 ? this.length : this.start));
  }

  /** When processes were ended by a signal or with an error, and connections cut or stalled. */
  failures() {
    return this.events.filter(isFailure).map((event) => event.at);
  }

  /** Whether the recording is complete. */
  over() {
    return this.events.at(-1)?.is === "end";
  }

  /** The state at the position. */
  state() {
    const index = after(this.events, this.position, (event) => event.at);
    if (this.last?.index === index) return this.last.state;
    const from = Math.min(Math.floor(index / KEPT), this.kept.length - 1);
    let state = this.kept[from];
    for (let next = from * KEPT; next < index; next += 1) {
      state = apply(state, this.events[next]);
      if ((next + 1) % KEPT === 0 && this.kept.length === (next + 1) / KEPT) this.kept.push(state);
    }
    this.last = { index, state };
    return state;
  }

  /** The messages and commands that are on their way at the position, each with how far it is, from 0 to 1. */
  flying() {
    const first = after(this.events, this.position - FLIGHT, (event) => event.at);
    const end = after(this.events, this.position, (event) => event.at);
    return this.events
      .slice(first, end)
      .filter((event) => event.is === "message" || event.is === "command")
      .map((event) => ({ event, progress: (this.position - event.at) / FLIGHT }));
  }
}

/** Whether an event is something that went wrong, or was made to. */
export function isFailure(event) {
  return (
    (event.is === "ended" && (event.signal != null || event.code === 1)) ||
    (event.is === "wire" && (event.state === "cut" || event.state === "stalled"))
  );
}

/** How many of a sorted list's items are at or before `time`. */
export function after(list, time, key) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(list[middle]) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
