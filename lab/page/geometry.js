// Where the wires run: curves between boxes, from measured rectangles. Columns stand beside each other, or below each
// other on a narrow screen; here the axis along which they stand is `m`, the one across it `c`.

/** The space that a wire past other boxes needs below (or left of) them. */
export const DETOUR = 44;

/** The most space between two wires' ends at the same box. */
const APART = 30;

/**
 * The curve of each wire, from its connecting box to its binding one: four points of a cubic Bézier curve.
 * `rects` has `left`, `top`, `right`, `bottom` and `column` of each box.
 */
export function curves(wires, rects, vertical) {
  const boxes = new Map([...rects].map(([id, rect]) => [id, turned(rect, vertical)]));
  const known = wires.filter((wire) => boxes.has(wire.connects) && boxes.has(wire.binds));
  const ends = spread(known, boxes);
  return new Map(
    known.map((wire) => {
      const points = curve(boxes.get(wire.connects), boxes.get(wire.binds), ends.get(wire.wire), boxes);
      return [wire.wire, points.map(([m, c]) => (vertical ? { x: -c, y: m } : { x: m, y: c }))];
    }),
  );
}

/** The point at `s` (0 to 1) of a curve, and its direction as a unit vector. */
export function pointAt([a, b, c, d], s) {
  const r = 1 - s;
  const mix = (axis) => r * r * r * a[axis] + 3 * r * r * s * b[axis] + 3 * r * s * s * c[axis] + s * s * s * d[axis];
  const slope = (axis) =>
    3 * r * r * (b[axis] - a[axis]) + 6 * r * s * (c[axis] - b[axis]) + 3 * s * s * (d[axis] - c[axis]);
  const [dx, dy] = [slope("x"), slope("y")];
  const length = Math.hypot(dx, dy) || 1;
  return { x: mix("x"), y: mix("y"), dx: dx / length, dy: dy / length };
}

/** A curve as SVG writes it. */
export function pathOf([a, b, c, d]) {
  return `M${a.x} ${a.y}C${b.x} ${b.y} ${c.x} ${c.y} ${d.x} ${d.y}`;
}

/** Vertically the other axis is turned round, so that a detour runs on the left. */
function turned({ left, top, right, bottom, column, band }, vertical) {
  const at = { column, band };
  return vertical
    ? { ...at, m0: top, m1: bottom, c0: -right, c1: -left }
    : { ...at, m0: left, m1: right, c0: top, c1: bottom };
}

function middle(box) {
  return (box.c0 + box.c1) / 2;
}

/** On which side of a box a wire to another one starts. */
function side(box, other) {
  if (other.column === box.column) return other.c0 >= box.c1 ? "below" : "above";
  if (Math.abs(other.column - box.column) > 1) return "detour";
  return other.column > box.column ? "after" : "before";
}

/** Sets the ends of wires on the same side of a box apart, in the order of the boxes at their other ends. */
function spread(wires, boxes) {
  const sides = new Map();
  const add = (wire, id, other, which) => {
    const key = `${id} ${side(boxes.get(id), boxes.get(other))}`;
    if (!sides.has(key)) sides.set(key, []);
    sides.get(key).push({ wire: wire.wire, which, box: boxes.get(id), order: middle(boxes.get(other)) });
  };
  for (const wire of wires) {
    add(wire, wire.connects, wire.binds, 0);
    add(wire, wire.binds, wire.connects, 1);
  }
  const offsets = new Map(wires.map((wire) => [wire.wire, [0, 0]]));
  for (const ends of sides.values()) {
    ends.sort((one, other) => one.order - other.order);
    const apart = Math.min(APART, (ends[0].box.c1 - ends[0].box.c0) / (ends.length + 1));
    ends.forEach(({ wire, which }, index) => {
      offsets.get(wire)[which] = (index - (ends.length - 1) / 2) * apart;
    });
  }
  return offsets;
}

function curve(from, to, [start, end], boxes) {
  switch (side(from, to)) {
    case "below":
    case "above": {
      const [one, other, way] = from.c0 < to.c0 ? [from.c1, to.c0, 1] : [from.c0, to.c1, -1];
      const [m1, m2] = [(from.m0 + from.m1) / 2 + start, (to.m0 + to.m1) / 2 + end];
      const bend = (way * Math.abs(other - one)) / 2;
      return [[m1, one], [m1, one + bend], [m2, other - bend], [m2, other]];
    }
    case "detour": {
      const deepest = Math.max(...[...boxes.values()].filter((box) => box.band === from.band).map((box) => box.c1));
      const [m1, m2] = [(from.m0 + from.m1) / 2, (to.m0 + to.m1) / 2];
      // A cubic curve reaches three quarters of the way to its control points.
      const depth = (edge) => edge + (deepest + DETOUR * 0.7 - edge) / 0.75;
      return [[m1, from.c1], [m1, depth(from.c1)], [m2, depth(to.c1)], [m2, to.c1]];
    }
    default: {
      const forward = to.column > from.column;
      const [m1, m2] = forward ? [from.m1, to.m0] : [from.m0, to.m1];
      const [c1, c2] = [middle(from) + start, middle(to) + end];
      const half = (m1 + m2) / 2;
      return [[m1, c1], [half, c1], [half, c2], [m2, c2]];
    }
  }
}

/** Boxes that are connected to each other, directly or not: lists of ids in the boxes' order. Those without wires are one. */
export function bands(boxes, wires) {
  const band = new Map(boxes.map((box, index) => [box.box, index]));
  const join = (one, other) => {
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    for (const [id, of] of band) if (of === high) band.set(id, low);
  };
  for (const { connects, binds } of wires) {
    if (band.has(connects) && band.has(binds)) join(band.get(connects), band.get(binds));
  }
  const wired = new Set(wires.flatMap(({ connects, binds }) => [connects, binds]));
  const alone = boxes.filter((box) => !wired.has(box.box));
  for (const box of alone) band.set(box.box, band.get(alone[0].box));
  const numbers = [...new Set(band.values())].sort((one, other) => one - other);
  return numbers.map((of) => boxes.filter((box) => band.get(box.box) === of).map((box) => box.box));
}
