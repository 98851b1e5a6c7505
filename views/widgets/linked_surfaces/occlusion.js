// What a surface hides: plotly.js draws labels in front of everything, also those of a point on the far side.

const SIGHT_STEPS = 240;           // points on the line of sight that are compared with the surface
const TOUCHING = 0.01;             // distance from the surface, as a share of the box's height, that has no side

/** @typedef {{ x: ArrayLike<number>, y: ArrayLike<number>, z: ArrayLike<ArrayLike<number>> }} Heights rows of z are along y */
/** @typedef {{ ranges: [number, number][], sides: number[] }} Box of a scene, for x, y and z */

/** Return whether a surface hides a point on it from a camera.
 *
 * The surface is a height over a rectangle, so the line of sight is blocked where it crosses from one side to the other.
 * @type {(heights: Heights, box: Box, camera: Camera, position: number[]) => boolean} */
export function isBehind(heights, { ranges, sides }, { eye, center, projection }, position) {
  const middle = ranges.map(([low, high]) => (low + high) / 2), scale = ranges.map(([low, high], axis) => sides[axis] / (high - low));
  const start = position.map((value, axis) => (value - middle[axis]) * scale[axis]);
  const target = [eye.x, eye.y, eye.z], from = projection?.type === "orthographic" ? [center.x, center.y, center.z] : start;
  let last = 0;
  for (let step = 1; step <= SIGHT_STEPS; step++) {
    const [x, y, z] = start.map((value, axis) => value + step / SIGHT_STEPS * (target[axis] - from[axis]));
    const height = heightAt(heights, x / scale[0] + middle[0], y / scale[1] + middle[1]);
    if (height === undefined) return false;      // past the edge of the surface
    const above = z - (height - middle[2]) * scale[2];
    if (!(Math.abs(above) > TOUCHING * sides[2])) continue;      // a gap has no height either
    if (last && Math.sign(above) !== last) return true;
    last = Math.sign(above);
  }
  return false;
}

/** Return the height at a place by bilinear interpolation, undefined outside of the grid.
 * @type {(heights: Heights, x: number, y: number) => number | undefined} */
function heightAt({ x: xs, y: ys, z }, x, y) {
  const column = placeOf(xs, x), row = placeOf(ys, y);
  if (column === undefined || row === undefined) return undefined;
  const [k, across] = column, [j, along] = row;
  const near = z[j][k] + across * (z[j][k + 1] - z[j][k]), far = z[j + 1][k] + across * (z[j + 1][k + 1] - z[j + 1][k]);
  return near + along * (far - near);
}

/** Return the interval of an ascending list that contains a value, and where in it, as a share; undefined outside.
 * @type {(list: ArrayLike<number>, value: number) => [number, number] | undefined} */
function placeOf(list, value) {
  let low = 0, high = list.length - 1;
  if (high < 1 || value < list[low] || value > list[high]) return undefined;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle; else high = middle;
  }
  return [low, (value - list[low]) / (list[high] - list[low])];
}

/** Make the label at the center of a chart faint where its surface hides the point.
 * @type {(chart: Chart, camera: Camera | undefined) => void} */
function fadeBehind(chart, camera) {
  const { annotations: [label] = [], ...scene } = chart.layout?.scene ?? {};
  const surface = chart._fullData?.find((/** @type {any} */ trace) => trace.type === "surface");
  if (!label || !surface || !camera) return;
  const box = { ranges: AXES.map((axis) => scene[axis].range), sides: ["x", "y", "z"].map((axis) => chart.sides[axis]) };
  chart.classList.toggle("linked-behind", isBehind(surface, box, camera, [label.x, label.y, label.z]));
}
