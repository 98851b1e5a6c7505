// How a chart fits its place: its height, the shape of its scene, the titles and the numbers at its axes.

const PRESENTED_SHARE = 0.96;      // of the height of the screen, for all rows of surfaces and the texts together
const MAX_HEIGHT = 0.68;           // of a surface on the page, as a share of its width
const WIDEST_SHAPE = 0.8;          // height of a scene as a share of its width, below which its box would be cut
const MOST_STRETCH = 1.3;          // of the heights of all surfaces, so that they fill a screen
/** Height of the box on the screen, and the parts of it that the ground and a unit of height have, from the first camera. */
const BOX = { height: 1.84, ground: 1.21, unit: 0.79 };

const AXES = ["xaxis", "yaxis", "zaxis"];
const NARROW = 480;                // pixels of width below which titles of axes would be cut
const SHORTEST_AXIS = 0.3;         // of its length, below which the numbers at an axis would be printed over each other

/** @type {(chart: Chart) => boolean} */
const fillsScreen = (chart) => Boolean(document.fullscreenElement?.contains(chart));

/** Whether a chart is one of several surfaces behind tabs, as on a narrow screen.
 * @type {(chart: Chart) => boolean} */
const hasTabs = (chart) => Boolean(chart.closest(".linked-frame")?.querySelector(".linked-tabs")?.offsetHeight);

/** Return the height of a chart in pixels: that of its figure, or less where the chart is narrow.
 * @type {(chart: Chart) => number} */
function fittingHeight(chart) {
  if (fillsScreen(chart)) return presentedHeight(chart);
  return Math.min(chart.figureHeight, Math.round(MAX_HEIGHT * chart.clientWidth + chart.titleHeight) || chart.figureHeight);
}

/** Return the height that a chart gets where the surfaces fill the screen: an equal share for each row of them.
 * @type {(chart: Chart) => number} */
function presentedHeight(chart) {
  const all = [...chart.parentElement.children], columns = new Set(all.map((one) => one.offsetLeft)).size;
  const texts = [...chart.closest(".linked-frame").querySelectorAll(".linked-heading, .linked-hint, .linked-tabs")];
  const height = PRESENTED_SHARE * window.innerHeight - texts.reduce((sum, { offsetHeight }) => sum + offsetHeight, 0);
  return Math.floor(height / Math.ceil(all.length / columns)) - 8;
}

/** Return the sides of the box of a scene that fills the screen, in a place of this shape: where that is high, the
 * ground is as wide as fits, and all heights are stretched alike.
 * @type {(sides: Point, shape: number) => Point} */
export function presentedSides({ x, y, z }, shape) {
  const scale = Math.min(1, WIDEST_SHAPE / shape), height = (BOX.height - BOX.ground * scale) / BOX.unit;
  return { x: x * scale, y: y * scale, z: Math.min(MOST_STRETCH * z, Math.max(z * scale, height)) };
}

/** Fit a layout to its chart: its height, its scene, and its titles.
 * @param {Chart} chart
 * @param {any} layout */
function fitLayout(chart, layout) {
  const named = hasTabs(chart);    // the tab has the name of the network
  chart.titleHeight = named ? 0 : chart.drawnTitle.height;
  if (layout.title) layout.title.text = named ? "" : chart.drawnTitle.text;
  if (layout.margin) layout.margin.t = chart.titleHeight;
  layout.height = fittingHeight(chart);
  chart.style.height = `${layout.height}px`;
  fitTitles(chart, layout);
  if (!chart.sides || !layout.scene) return;
  const shape = (layout.height - chart.titleHeight) / chart.clientWidth;
  layout.scene.aspectratio = fillsScreen(chart) ? presentedSides(chart.sides, shape) : { ...chart.sides };
}

/** Shorten the titles of axes where the chart is narrow: no unit in brackets, and no height, which the
 * color bar names. On a full screen the title of the height would be cut, too.
 * @param {Chart} chart
 * @param {any} layout */
function fitTitles(chart, layout) {
  if (!chart.axisTitles || !layout?.scene) return;
  const narrow = chart.clientWidth < NARROW;
  for (const [index, axis] of AXES.entries()) {
    const [title] = narrow ? chart.axisTitles[index].split(" (") : [chart.axisTitles[index]];
    layout.scene[axis].title.text = (narrow || fillsScreen(chart)) && axis === "zaxis" ? "" : title;
  }
}

/** Return whether each axis is long enough on the screen for the numbers at it.
 * @type {(camera: Camera) => boolean[]} */
export function axesWithNumbers({ eye, center }) {
  const toward = [eye.x - center.x, eye.y - center.y, eye.z - center.z], distance = Math.hypot(...toward);
  return toward.map((part) => Math.sqrt(1 - (part / distance) ** 2) > SHORTEST_AXIS);
}

/** Show a chart that was drawn for another width in its present one, until it is drawn again; drawing takes a while.
 * @param {Chart} chart */
function scaleDrawn(chart) {
  const content = chart.querySelector(".plot-container"), drawn = chart._fullLayout?.width;
  if (!content || !drawn) return;
  content.style.transformOrigin = "0 0";
  content.style.transform = Math.abs(drawn - chart.clientWidth) > 1 ? `scale(${chart.clientWidth / drawn})` : "";
}

/** @param {Chart} chart */
function unscale(chart) {
  const content = chart.querySelector(".plot-container");
  if (content) content.style.transform = "";
}
