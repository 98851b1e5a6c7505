// A button and a slider that draw paths of training up to one checkpoint, on maps and in 3-D. Used on the page Paths and
// in interactive files.

const CHECKPOINT_DELAY = 600;      // milliseconds between two checkpoints
const PATH = "path";               // `meta` of the traces that grow; their `customdata` begins with the training step

/** @typedef {any} Chart an element that plotly.js draws in; it has no published types */

class PathPlayer {
  /** @param {Element} parent
   * @param {() => Chart[]} charts that have paths
   * @param {() => any} plotly the library that has drawn those in 3-D */
  constructor(parent, charts, plotly) {
    this.charts = charts;
    this.plotly = plotly;
    /** @type {number[]} */
    this.steps = [];
    this.playing = false;
    this.root = parent.appendChild(document.createElement("div"));
    this.root.className = "path-player";
    this.button = this.root.appendChild(document.createElement("button"));
    this.button.type = "button";
    this.slider = this.root.appendChild(document.createElement("input"));
    this.slider.type = "range";
    this.slider.min = "0";
    this.slider.setAttribute("aria-label", "Training step up to which paths are drawn");
    this.output = this.root.appendChild(document.createElement("output"));
    this.button.addEventListener("click", () => this.playing ? this.pause() : this.play());
    this.slider.addEventListener("input", () => { this.pause(); this.show(); });
    this.pause();
  }

  get step() { return this.steps[Number(this.slider.value)] ?? Infinity; }
  get last() { return this.steps.length - 1; }

  /** Set the training steps of all checkpoints; the slider stays where it is if they are the same.
   * @param {number[]} steps increasing */
  setSteps(steps) {
    if (String(steps) !== String(this.steps)) {
      this.steps = steps;
      this.slider.max = String(this.last);
      this.slider.value = this.slider.max;
      this.root.hidden = steps.length < 2;
    }
    return this.show();
  }

  /** Draw all paths up to the selected checkpoint. */
  async show() {
    this.output.textContent = `step ${this.step.toLocaleString("en-US")}`;
    this.slider.setAttribute("aria-valuetext", this.output.textContent);
    for (const chart of this.charts()) await growPaths(chart, this.step, this.plotly());
  }

  async play() {
    if (Number(this.slider.value) >= this.last) this.slider.value = "0";
    this.playing = true;
    this.button.textContent = "Pause";
    await this.show();
    while (this.playing && Number(this.slider.value) < this.last) {
      await new Promise((resolve) => setTimeout(resolve, CHECKPOINT_DELAY));
      if (!this.playing || !this.root.isConnected) break;
      this.slider.value = String(Number(this.slider.value) + 1);
      await this.show();
    }
    this.pause();
  }

  pause() {
    this.playing = false;
    this.button.textContent = "Play";
  }
}

/** Draw the paths of a chart up to a training step.
 * @param {Chart} chart
 * @param {number} step
 * @param {any} Plotly for charts in 3-D */
async function growPaths(chart, step, Plotly) {
  if (!chart._fullLayout) return;
  const before = chart.pathStep;
  chart.pathStep = step;
  if (chart._fullLayout.scene) {
    if (before !== step) await growInScene(chart, step, Plotly);
    return;
  }
  if (!chart._ev.growsPaths) {     // plotly.js draws whole paths again whenever the chart changes
    chart._ev.growsPaths = true;
    chart.on("plotly_afterplot", () => growOnMap(chart, chart.pathStep));
  }
  growOnMap(chart, step);
}

/** Return how many checkpoints of a trace there are up to a training step.
 * @param {any} trace
 * @param {number} step */
const countUpTo = ({ customdata }, step) => [...customdata].filter((row) => Number(row[0] ?? row) <= step).length;

/** Hide the later part of every path in the chart's SVG: the page has no access to the plotly.js that has drawn it.
 * @param {Chart} chart
 * @param {number} step */
function growOnMap(chart, step) {
  const { xaxis, yaxis } = chart._fullLayout;
  const traces = chart._fullData.filter((/** @type {any} */ { type, visible }) => type === "scatter" && visible === true);
  chart.querySelectorAll(".scatterlayer > .trace").forEach((/** @type {Element} */ group, /** @type {number} */ index) => {
    const trace = traces[index];
    if (trace?.meta !== PATH) return;
    const count = countUpTo(trace, step);
    const places = [...trace.x].slice(0, count).map((x, k) => `${xaxis.c2p(x)},${yaxis.c2p(trace.y[k])}`);
    group.querySelector("path.js-line")?.setAttribute("d", count ? `M${places.join("L")}` : "M0,0");
    for (const kind of [".points > .point", ".text > *"]) {
      group.querySelectorAll(kind).forEach((mark, k) => mark.setAttribute("visibility", k < count ? "inherit" : "hidden"));
    }
  });
}

/** Draw every path of a chart in 3-D up to a training step.
 * @param {Chart} chart
 * @param {number} step
 * @param {any} Plotly */
async function growInScene(chart, step, Plotly) {
  chart.wholePaths ??= chart._fullData.filter((/** @type {any} */ { meta }) => meta === PATH).map((/** @type {any} */ trace) => ({ ...trace }));
  if (!chart.wholePaths.length) return;
  /** @type {(name: string) => any[]} */
  const cut = (name) => chart.wholePaths.map((/** @type {any} */ trace) => [...trace[name] ?? []].slice(0, countUpTo(trace, step)));
  const indices = chart.wholePaths.map((/** @type {any} */ { index }) => index);
  await Plotly.restyle(chart, { x: cut("x"), y: cut("y"), z: cut("z"), text: cut("text") }, indices);
}
