// The entry point that Streamlit calls at every run of the page: controls, and paths in 3-D drawn by plotly.js of the app.

const LEAST_ASPECT = 1.25;         // width over height of a scene: a narrower one would be cut at its sides
const NARROW = 420, FARTHER = 1.15; // pixels; in a narrow scene the titles of axes need more room

class PathScenes {
  /** @param {Element} parent */
  constructor(parent) {
    this.root = parent.appendChild(document.createElement("div"));
    this.selector = "none";
    /** @type {any} */
    this.Plotly = undefined;
    this.player = new PathPlayer(this.root, () => [...document.querySelectorAll(this.selector), ...this.grid.children], () => this.Plotly);
    this.grid = this.root.appendChild(createElement("div", "path-scenes"));
    this.removed = false;
    /** @type {Promise<unknown>} */
    this.pending = Promise.resolve();
    this.resizeObserver = new ResizeObserver((entries) => entries.forEach(({ target }) => this.resize(target)));
  }

  /** @param {any} chart */
  resize(chart) {
    if (!chart._fullLayout || !chart.clientWidth) return;
    const height = this.height(chart);
    const drawn = height === chart._fullLayout.height ? this.Plotly.Plots.resize(chart) : this.Plotly.relayout(chart, { height });
    Promise.resolve(drawn).catch(() => {});
  }

  /** Return the height of a chart that leaves its scene wide enough.
   * @param {any} chart */
  height(chart) {
    return chart.clientWidth ? Math.min(chart.fullHeight, Math.round(chart.clientWidth / LEAST_ASPECT)) : chart.fullHeight;
  }

  /** @param {any} data */
  update(data) {
    this.selector = data.maps;
    this.pending = this.pending.then(async () => {
      if (data.figures.length) this.Plotly = await loadPlotly(data.bundle);
      while (this.grid.children.length > data.figures.length) this.removeChart(this.grid.lastElementChild);
      // all places before the first scene, which then has its final width
      while (this.grid.children.length < data.figures.length) this.grid.appendChild(createElement("div", "path-scene"));
      for (const [index, { figure, summary }] of data.figures.entries()) {
        if (this.removed) return;
        await this.draw(index, figure, summary, data.config);
      }
      await this.player.setSteps(data.steps);
    }).catch((error) => { this.grid.textContent = `The paths cannot be drawn in 3-D: ${error.message}`; });
    return this.pending;
  }

  /** @param {number} index
   * @param {string} figure
   * @param {string} summary
   * @param {any} config */
  async draw(index, figure, summary, config) {
    /** @type {any} */
    const chart = this.grid.children[index];
    if (chart.drawnFigure === figure) return;
    chart.drawnFigure = figure;
    chart.setAttribute("role", "img");
    chart.setAttribute("aria-label", summary);
    const { data, layout } = JSON.parse(figure);
    chart.fullHeight = layout.height;
    layout.height = this.height(chart);
    const { eye } = layout.scene.camera;
    if (chart.clientWidth && chart.clientWidth < NARROW) for (const axis of ["x", "y", "z"]) eye[axis] *= FARTHER;
    chart.wholePaths = chart.pathStep = undefined;
    await this.Plotly.react(chart, data, layout, { ...config, responsive: false });
    this.resizeObserver.observe(chart);
  }

  /** @param {any} chart */
  removeChart(chart) {
    this.resizeObserver.unobserve(chart);
    this.Plotly?.purge(chart);
    chart.remove();
  }

  remove() {
    this.removed = true;
    this.player.pause();
    this.resizeObserver.disconnect();
    [...this.grid.children].forEach((chart) => this.removeChart(chart));
    this.root.remove();
  }
}

/** @type {WeakMap<Element, PathScenes>} */
const scenes = new WeakMap();

/** @param {{ data: any, parentElement: Element }} component */
export default function ({ data, parentElement }) {
  let own = scenes.get(parentElement);
  if (!own || own.removed) scenes.set(parentElement, (own = new PathScenes(parentElement)));
  own.update(data);
  return () => own.remove();
}
