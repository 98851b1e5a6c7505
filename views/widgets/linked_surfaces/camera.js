// The camera: six numbers in Python, an object in plotly.js.

/** @typedef {{ x: number, y: number, z: number }} Point in units of the scene */
/** @typedef {{ eye: Point, center: Point, up?: Point, projection?: { type: string } }} Camera of plotly.js */

const KEY_ANGLE = Math.PI / 36;     // radians per press of an arrow key
const KEY_ZOOM = 0.9;               // factor per press of "+"
const MAX_ELEVATION = 0.49 * Math.PI;   // a turntable cannot cross the pole

const FLAT_ELEVATION = 0.48 * Math.PI;   // from which a surface is a map, without perspective

const TOP_CENTER = -0.12;           // below the middle, so that the title of the lower axis is not cut

const UP = { x: 0, y: 0, z: 1 };

/** @type {(coordinates: number[]) => Point} */
const point = ([x, y, z]) => ({ x, y, z });

/** Return the camera of plotly.js from six numbers: the eye and the point it looks at.
 * @type {(numbers: number[]) => Camera} */
export const toCamera = (numbers) => turntable(point(numbers.slice(0, 3)), point(numbers.slice(3)));

/** Return a camera that turns around the vertical; from above, where a square must be one, it has no perspective.
 * @type {(eye: Point, center: Point) => Camera} */
function turntable(eye, center) {
  const type = isFromAbove({ eye, center }) ? "orthographic" : "perspective";
  return { eye, center, up: UP, projection: { type } };
}

/** Return whether a camera looks straight down.
 * @type {(camera: Camera | undefined) => boolean} */
export const isFromAbove = (camera) => Boolean(camera && spherical(camera)[2] >= FLAT_ELEVATION);

/** Return the six numbers of a camera, rounded as in the address.
 * @type {(camera: Camera) => number[]} */
export const toNumbers = ({ eye, center }) =>
  [eye.x, eye.y, eye.z, center.x, center.y, center.z].map((value) => Math.round(1000 * value) / 1000);

/** Return the camera at spherical coordinates around the point it looks at.
 * @type {(center: Point, distance: number, azimuth: number, elevation: number) => Camera} */
function fromSpherical(center, distance, azimuth, elevation) {
  const horizontal = distance * Math.cos(elevation);
  const eye = {
    x: center.x + horizontal * Math.cos(azimuth),
    y: center.y + horizontal * Math.sin(azimuth),
    z: center.z + distance * Math.sin(elevation),
  };
  return turntable(eye, center);
}

/** Return distance, azimuth and elevation of the eye around the point it looks at.
 * @type {(camera: Camera) => [number, number, number]} */
function spherical({ eye, center }) {
  const x = eye.x - center.x, y = eye.y - center.y, z = eye.z - center.z;
  const distance = Math.hypot(x, y, z);
  return [distance, Math.atan2(y, x), Math.asin(z / distance)];
}

/** Return the camera after a key press, undefined for a key that does not move it.
 * @type {(key: string, camera: Camera) => Camera | undefined} */
export function moveByKey(key, camera) {
  let [distance, azimuth, elevation] = spherical(camera);
  if (key === "ArrowLeft") azimuth -= KEY_ANGLE;
  else if (key === "ArrowRight") azimuth += KEY_ANGLE;
  else if (key === "ArrowUp") elevation = Math.min(elevation + KEY_ANGLE, MAX_ELEVATION);
  else if (key === "ArrowDown") elevation = Math.max(elevation - KEY_ANGLE, -MAX_ELEVATION);
  else if (key === "+" || key === "=") distance *= KEY_ZOOM;
  else if (key === "-") distance /= KEY_ZOOM;
  else return undefined;
  return fromSpherical(camera.center, distance, azimuth, elevation);
}

/** Return the camera from above at the same distance: α to the right and β upward, as on a map.
 * @type {(camera: Camera) => Camera} */
export const topView = (camera) =>
  fromSpherical({ ...camera.center, y: TOP_CENTER }, spherical(camera)[0], -Math.PI / 2, MAX_ELEVATION);
