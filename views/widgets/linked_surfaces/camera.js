// Where surfaces are seen from: six numbers on Python's side, plotly.js's camera here.

/** @typedef {{ x: number, y: number, z: number }} Point in units of the scene */
/** @typedef {{ eye: Point, center: Point, up?: Point, projection?: { type: string } }} Camera as plotly.js has it */
/** @typedef {[number, number, number, number, number, number]} Six numbers of a camera, as Python has it */

const STEP = Math.PI / 36;         // of one press of an arrow key
const CLOSER = 0.9;                // of one press of "+"
const STEEPEST = 0.49 * Math.PI;   // a turntable has no way over the top

const TURNTABLE = { up: { x: 0, y: 0, z: 1 }, projection: { type: "perspective" } };

/** @type {(three: number[]) => Point} */
const point = ([x, y, z]) => ({ x, y, z });

/** Return plotly.js's camera of six numbers: the eye and the point it looks at.
 * @type {(six: number[]) => Camera} */
export const unpacked = (six) => ({ eye: point(six.slice(0, 3)), center: point(six.slice(3)), ...TURNTABLE });

/** Return the six numbers of a camera, as exact as an address holds them.
 * @type {(camera: Camera) => number[]} */
export const packed = ({ eye, center }) =>
  [eye.x, eye.y, eye.z, center.x, center.y, center.z].map((value) => Math.round(1000 * value) / 1000);

/** Return the camera of an eye on the sphere around what it looks at.
 * @type {(center: Point, distance: number, azimuth: number, height: number) => Camera} */
function around(center, distance, azimuth, height) {
  const across = distance * Math.cos(height);
  const eye = {
    x: center.x + across * Math.cos(azimuth),
    y: center.y + across * Math.sin(azimuth),
    z: center.z + distance * Math.sin(height),
  };
  return { eye, center, ...TURNTABLE };
}

/** Return distance, azimuth and height of the eye, seen from what it looks at.
 * @type {(camera: Camera) => [number, number, number]} */
function polar({ eye, center }) {
  const x = eye.x - center.x, y = eye.y - center.y, z = eye.z - center.z;
  const distance = Math.hypot(x, y, z);
  return [distance, Math.atan2(y, x), Math.asin(z / distance)];
}

/** Return the camera after a press of a key, undefined if the key does not turn anything.
 * @type {(key: string, camera: Camera) => Camera | undefined} */
export function pressed(key, camera) {
  let [distance, azimuth, height] = polar(camera);
  if (key === "ArrowLeft") azimuth -= STEP;
  else if (key === "ArrowRight") azimuth += STEP;
  else if (key === "ArrowUp") height = Math.min(height + STEP, STEEPEST);
  else if (key === "ArrowDown") height = Math.max(height - STEP, -STEEPEST);
  else if (key === "+" || key === "=") distance *= CLOSER;
  else if (key === "-") distance /= CLOSER;
  else return undefined;
  return around(camera.center, distance, azimuth, height);
}

/** Return the camera from above, as far away as it was: α to the right, β upwards, as on a map.
 * @type {(camera: Camera) => Camera} */
export const above = (camera) => around(camera.center, polar(camera)[0], -Math.PI / 2, STEEPEST);
