// What the page makes of a recording, without a browser: `node --test lab/tests/page`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Player } from "../../page/player.js";
import { parse } from "../../page/recording.js";
import { apply, initial, waiting } from "../../page/reduce.js";

const text = readFileSync(new URL("killed-consumer.jsonl", import.meta.url), "utf8");

function play(events) {
  const player = new Player();
  events.forEach((event) => player.append(event));
  return player;
}

test("a box counts what passed it, and what waits in it", () => {
  const { consumer1, producer } = parse(text).events.reduce(apply, initial()).boxes;
  assert.deepEqual([consumer1.in, consumer1.out, waiting(consumer1), consumer1.peak], [100, 12, 88, 100]);
  assert.deepEqual([producer.in, producer.out], [0, 200]);
  assert.deepEqual([consumer1.state, consumer1.signal], ["ended", "SIGKILL"]);
});

test("the state at a time is the same however one got there", () => {
  const { events } = parse(text);
  const [forward, back] = [play(events), play(events)];
  back.seek(back.length);
  const seen = [];
  while (back.position > 0) {
    seen.unshift([back.position, structuredClone(back.state())]);
    back.step(-1);
  }
  assert.ok(seen.length > 20, `${seen.length}`);
  for (const [position, state] of seen) {
    forward.seek(position);
    assert.deepEqual(forward.state(), state);
  }
});

test("no event changes a state that was shown before", () => {
  let state = initial();
  for (const event of parse(text).events) {
    const before = structuredClone(state);
    const next = apply(state, event);
    assert.deepEqual(state, before);
    state = next;
  }
});

test("a reply leaves after the request has arrived", () => {
  const wire = { wire: "w", connects: "client", binds: "server" };
  const message = (t, way) => ({ t, is: "message", wire: "w", way, frames: [""], bytes: 1 });
  const printed = { t: 10.2, is: "printed", box: "client", stream: "stdout", text: "" };
  const player = play([{ t: 0, is: "scene", boxes: [], wires: [wire] }, message(10, "up"), message(10.1, "down"), printed]);
  assert.deepEqual(player.events.map(({ at }) => at), [0, 10, 510, 1010]);
});

test("nothing is shown before it happened, or much later", () => {
  const { events } = play(parse(text).events);
  for (const { t, at } of events) assert.ok(at >= t && at <= t + 1200, `${t} ${at}`);
});

test("one can jump from failure to failure", () => {
  const player = play(parse(text).events);
  player.seek(0);
  player.failure(1);
  assert.equal(player.state().boxes.consumer1.signal, "SIGKILL");
  player.step(-1);
  assert.equal(player.state().boxes.consumer1.state, "running");
});

test("what is not a recording is refused, with the line", () => {
  assert.throws(() => parse(""), /line 1/);
  assert.throws(() => parse('{"lab":2}\n'), /version 1/);
  assert.throws(() => parse('{"lab":1}\n\n{"t":1}\n'), /line 3: this is not an event/);
  assert.throws(() => parse('{"lab":1}\nhello\n'), /line 2: this is not JSON/);
});

test("unknown events, boxes and wires are passed over", () => {
  const state = [
    { t: 1, is: "news" },
    { t: 2, is: "started", box: "nobody" },
    { t: 3, is: "counted", wire: "none", up: 1, down: 1 },
    { t: 4, is: "message", wire: "none", way: "up", frames: [] },
  ].reduce(apply, initial());
  assert.deepEqual(state, { ...initial(), t: 4 });
});
