// How a chart fits its place: its height, the shape of its scene, the titles and the numbers at its axes.

const PRESENTED_SHARE = 0.96;      // of the height of the screen, for all rows of surfaces and the texts together
const MAX_HEIGHT = 0.68;           // of a surface on the page, as a share of its width
const PRESENTED_SHAPE = 0.8;       // most height of a scene on the full screen as a share of its width; more would be empty

const PRESENTED_SIDES = 0.88;      // of the box there, whose larger titles would be cut
const FLAT = { ambient: 1, diffuse: 0, specular: 0 };   // light of a map: the colors are those of the color bar

const AXES = ["xaxis", "yaxis", "zaxis"];
const NARROW = 540;                // pixels of width below which titles of axes would be cut
const LETTER = 0.5;                // width of a letter, as a share of its size
const TINY = 240;                  // pixels of width below which axes have neither titles nor numbers
const TINY_SIDES = 1.25;           // of the box there, which needs no place for them
const HEIGHT_TITLE = 0.24;         // of a chart's width, above which the title of the height would be cut
const SHORTEST_AXIS = 0.3;         // of its length, below which the numbers at an axis would be printed over each other

/** @type {(chart: Chart) => boolean} */
const fillsScreen = (chart) => Boolean(document.fullscreenElement?.contains(chart));

/** Whether a chart is one of several surfaces behind tabs, as on a narrow screen.
 * @type {(chart: Chart) => boolean} */
const hasTabs = (chart) => Boolean(chart.closest(".linked-frame")?.querySelector(".linked-tabs")?.offsetHeight);

/** @type {(chart: Chart) => boolean} */
const isTiny = (chart) => chart.clientWidth < TINY;

/** Return the height of a chart in pixels: that of its figure, or less where the chart is narrow.
 * @type {(chart: Chart) => number} */
function fittingHeight(chart) {
  if (fillsScreen(chart)) return presentedHeight(chart);
  return Math.min(chart.figureHeight, Math.round(MAX_HEIGHT * chart.clientWidth + chart.titleHeight) || chart.figureHeight);
}

/** Return the height that a chart gets where the surfaces fill the screen: an equal share for each row of them, but no
 * more than its width allows, since surfaces have the same shape there as on the page.
 * @type {(chart: Chart) => number} */
function presentedHeight(chart) {
  const all = [...chart.parentElement.children], columns = new Set(all.map((one) => one.offsetLeft)).size;
  const texts = [...chart.closest(".linked-frame").querySelectorAll(".linked-heading, .linked-hint, .linked-tabs")];
  const height = PRESENTED_SHARE * window.innerHeight - texts.reduce((sum, { offsetHeight }) => sum + offsetHeight, 0);
  const share = Math.floor(height / Math.ceil(all.length / columns)) - 8;
  return Math.min(share, Math.round(PRESENTED_SHAPE * chart.clientWidth + chart.titleHeight));
}

/** Fit a layout to its chart: its height, its scene, and its titles.
 * @param {Chart} chart
 * @param {any} layout
 * @param {Camera | undefined} camera */
function fitLayout(chart, layout, camera) {
  const named = hasTabs(chart) && !isTiny(chart);    // the tab has the name of the network
  chart.titleHeight = named ? 0 : chart.drawnTitle.height;
  if (layout.title) layout.title.text = named ? "" : chart.drawnTitle.text;
  if (layout.margin) layout.margin.t = chart.titleHeight;
  layout.height = fittingHeight(chart);
  chart.style.height = `${layout.height}px`;
  chart.classList.toggle("linked-tiny", isTiny(chart));
  fitTitles(chart, layout, camera);
  if (!chart.sides || !layout.scene) return;
  if (camera) numbersAt(chart, camera).forEach((shown, index) => { layout.scene[AXES[index]].showticklabels = shown; });
  const { x, y, z } = chart.sides, share = isTiny(chart) ? TINY_SIDES : fillsScreen(chart) ? PRESENTED_SIDES : 1;
  layout.scene.aspectratio = { x: share * x, y: share * y, z: share * z };
}

/** Shorten the titles of axes where the chart is narrow: no unit in brackets, and no height, which the color bar names.
 * From above, the height has no title either; one that is too long has what is in brackets, such as "log", on a second
 * line.
 * @param {Chart} chart
 * @param {any} layout
 * @param {Camera | undefined} camera */
function fitTitles(chart, layout, camera) {
  if (!chart.axisTitles || !layout?.scene) return;
  const narrow = chart.clientWidth < NARROW;
  for (const [index, axis] of AXES.entries()) {
    const [title] = narrow ? chart.axisTitles[index].split(" (") : [chart.axisTitles[index]];
    const text = axis === "zaxis" ? heightTitle(chart, layout.scene[axis].title.font, title, narrow || isFromAbove(camera)) : title;
    layout.scene[axis].title.text = isTiny(chart) ? "" : text;
  }
}

/** @type {(chart: Chart, font: any, title: string, hidden: boolean) => string} */
function heightTitle(chart, font, title, hidden) {
  if (hidden) return "";
  const fits = LETTER * (font?.size ?? 0) * title.length <= HEIGHT_TITLE * chart.clientWidth;
  return fits ? title : title.replace(/ (?=\([^(]*\)$)/, "<br>");
}

/** Return the light of the surfaces of a chart, as its figure has it, or that of a map from above.
 * @type {(chart: Chart, camera: Camera | undefined) => any} */
const lightOf = (chart, camera) => isFromAbove(camera) ? FLAT : chart.light;

/** Return whether each axis is long enough on the screen for the numbers at it.
 * @type {(camera: Camera) => boolean[]} */
export function axesWithNumbers({ eye, center }) {
  const toward = [eye.x - center.x, eye.y - center.y, eye.z - center.z], distance = Math.hypot(...toward);
  return toward.map((part) => Math.sqrt(1 - (part / distance) ** 2) > SHORTEST_AXIS);
}

/** Return whether the axes of a chart have numbers.
 * @type {(chart: Chart, camera: Camera) => boolean[]} */
const numbersAt = (chart, camera) => axesWithNumbers(camera).map((shown) => shown && !isTiny(chart));

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
