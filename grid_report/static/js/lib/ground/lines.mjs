// Where words stand along a line: on the longest piece of it that is in sight. Pure.

/** Cut a segment to a box; nothing when none of it lies inside. */
export function cut([ax, ay], [bx, by], [west, north, east, south]) {
  const [dx, dy] = [bx - ax, by - ay];
  let [from, to] = [0, 1];
  for (const [step, room] of [[-dx, ax - west], [dx, east - ax], [-dy, ay - north], [dy, south - ay]]) {
    if (step === 0) {
      if (room < 0) return null;
    } else if (step < 0) from = Math.max(from, room / step);
    else to = Math.min(to, room / step);
  }
  return from < to ? [[ax + from * dx, ay + from * dy], [ax + to * dx, ay + to * dy]] : null;
}

/** Return the longest run of a line inside a box: its points, and its length. */
export function longestInside(points, box) {
  let best = { points: [], length: 0 };
  let run = { points: [], length: 0 };
  for (let i = 1; i < points.length; i += 1) {
    const piece = cut(points[i - 1], points[i], box);
    if (piece) {
      const [a, b] = piece;
      if (!run.points.length || Math.abs(run.points[run.points.length - 1][0] - a[0]) > 1e-6 || Math.abs(run.points[run.points.length - 1][1] - a[1]) > 1e-6) run = { points: [a], length: 0 };
      run.points.push(b);
      run.length += Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (run.length > best.length) best = run;
    } else run = { points: [], length: 0 };
  }
  return best;
}

/** Return where words of a width stand on a run and how they are turned; nothing where it is too short or too bent. */
export function standOn({ points, length }, width) {
  if (length < width + 12) return null;
  const a = at(points, (length - width) / 2);
  const b = at(points, (length + width) / 2);
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  if (Math.hypot(dx, dy) < width * 0.9) return null;
  let angle = Math.atan2(dy, dx);
  // Nobody reads upside down.
  if (angle > Math.PI / 2) angle -= Math.PI;
  else if (angle <= -Math.PI / 2) angle += Math.PI;
  return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, angle };
}

function at(points, far) {
  let left = far;
  for (let i = 1; i < points.length; i += 1) {
    const [[ax, ay], [bx, by]] = [points[i - 1], points[i]];
    const length = Math.hypot(bx - ax, by - ay);
    if (left <= length && length > 0) return [ax + ((bx - ax) * left) / length, ay + ((by - ay) * left) / length];
    left -= length;
  }
  return points[points.length - 1];
}
