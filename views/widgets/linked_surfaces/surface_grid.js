// Surfaces side by side with one camera. Python sends what each of them shows as a Plotly figure; this module does what
// a figure cannot: turn all together, keep the camera when figures change, mark one point on all, and save a picture.

const SETTLE_DELAY = 400;          // milliseconds without a key press until Python receives the camera
const MAX_SCALE = 6;               // pixels of a saved picture per CSS pixel

class SurfaceGrid {
  /** @param {Element} parent */
  constructor(parent) {
    this.root = createElement("div", "linked-row");
    this.frame = this.root.appendChild(createElement("div", "linked-frame"));
    this.grid = this.frame.appendChild(createElement("div", "linked-surfaces"));
    this.tabs = new SurfaceTabs(this.frame, this.grid);
    this.colorBar = new ColorBar(this.frame);
    this.presentation = new Presentation(this.frame, {
      change: () => this.redraw(),
      step: (direction) => this.setTrigger("metric", direction),
    });
    this.toolbar = new Toolbar(this.root, this.frame, {
      front: () => this.settle(toCamera(this.data.home)),
      top: () => this.camera && this.settle(topView(this.camera)),
      save: () => this.save(),
      present: () => this.present(),
    });
    parent.appendChild(this.root);
    /** @type {any} the data that Python sent last, and the data that are drawn */
    this.latest = this.data = undefined;
    /** @type {any} */
    this.Plotly = undefined;
    /** @type {(name: string, value: any) => void} */
    this.setState = () => {};
    /** @type {(name: string, value: any) => void} */
    this.setTrigger = () => {};
    /** @type {Camera | undefined} */
    this.camera = undefined;
    /** @type {Chart} that the user is turning */
    this.dragged = undefined;
    /** @type {number | undefined} */
    this.savedId = this.settleTimer = undefined;
    this.removed = false;
    /** @type {Set<string>} */
    this.sentCameras = new Set();  // when one returns from Python it must not replace a newer camera
    this.settling = false;
    this.pending = Promise.resolve();
    this.resizeObserver = new ResizeObserver((entries) => entries.forEach(({ target }) => this.resize(target)));
    this.markers = new PointMarkers(this.frame);
    this.pointer = new PointerTracker(this.grid, this.markers, {
      surfaces: () => this.dragged ? undefined : this.surfaces,
      select: (point) => this.setState("point", point),
    });
  }

  /** @returns {Chart[]} */
  get charts() { return [...this.grid.children]; }
  get surfaces() { return this.charts.filter((chart) => chart._fullLayout?.scene?._scene); }

  /** The view that a button of the toolbar selects, if the camera has one. */
  get view() {
    if (!this.camera) return "";
    if (isFromAbove(this.camera)) return "top";
    return toNumbers(this.camera).every((value, index) => value === this.data.home[index]) ? "front" : "";
  }

  /** @param {Chart} chart */
  resize(chart) {
    if (!chart.data || !chart.clientWidth) return;
    fitLayout(chart, chart.layout, this.camera);
    scaleDrawn(chart);
    Promise.resolve(this.Plotly.Plots.resize(chart)).then(() => unscale(chart)).catch(() => {});   // a later one replaced it
  }

  /** Draw the data from Python; a call that was overtaken by a later one draws nothing.
   * @param {any} data
   * @param {(name: string, value: any) => void} setState
   * @param {(name: string, value: any) => void} setTrigger */
  update(data, setState, setTrigger) {
    this.setState = setState;
    this.setTrigger = setTrigger;
    this.latest = data;
    this.downloadPicture(data.saved);
    this.pending = this.pending.then(async () => {
      if (this.latest !== data || this.removed) return;
      const start = performance.now();
      this.Plotly = await loadPlotly(data.bundle);
      this.data = data;
      this.adoptCamera(data.camera);
      this.markers.setData(data);
      if (data.presentation) this.presentation.setTexts(data.presentation);
      this.createCharts(data.figures.length);
      this.tabs.setNames(data.figures);
      for (const [index, { figure, summary }] of data.figures.entries()) {
        if (this.removed) return;
        await this.draw(this.charts[index], figure, summary, data.config);
      }
      this.toolbar.show(this.surfaces.length > 0);
      this.toolbar.markView(this.view);
      this.colorBar.draw(data.colorScale);
      this.root.classList.add("linked-drawn");   // the page hides the still picture then (style.css)
      requestAnimationFrame(() => performance.measure("linked-surfaces", { start }));   // for benchmarks
    }).catch((error) => { this.grid.textContent = `The surfaces cannot be drawn: ${error.message}`; });
    return this.pending;
  }

  /** @param {{ id: number, name: string, png: string } | undefined} saved */
  downloadPicture(saved) {
    if (!saved || this.savedId === saved.id) return;
    this.savedId = saved.id;
    download(saved.name, saved.png);
    this.toolbar.endSaving();
  }

  /** @param {number[]} numbers */
  adoptCamera(numbers) {
    const key = JSON.stringify(numbers);
    if (this.sentCameras.has(key) && this.camera) return;
    this.camera = toCamera(numbers);
    this.sentCameras.add(key);
  }

  /** Create the elements of all charts before any is drawn, since a chart takes the size of its element.
   * @param {number} count */
  createCharts(count) {
    this.grid.style.setProperty("--linked-columns", String(count > 4 ? Math.ceil(count / 2) : count === 4 ? 2 : count));
    while (this.charts.length > count) this.removeChart(this.charts.at(-1));
    while (this.charts.length < count) {
      const chart = createElement("div", "linked-surface");
      chart.dataset.index = String(this.charts.length);
      chart.tabIndex = 0;
      chart.setAttribute("role", "group");
      chart.addEventListener("keydown", (event) => this.moveByKey(event));
      this.grid.appendChild(chart);
      this.resizeObserver.observe(chart);
    }
  }

  /** @param {Chart} chart */
  removeChart(chart) {
    this.resizeObserver.unobserve(chart);
    this.Plotly?.purge(chart);     // frees its WebGL context
    chart.remove();
  }

  /** @param {Chart} chart
   * @param {string} figure
   * @param {string} summary
   * @param {any} config */
  async draw(chart, figure, summary, config) {
    const draggedScene = this.dragged?._fullLayout?.scene?._scene;
    if (draggedScene) this.camera = draggedScene.getCamera();   // a finer surface must not undo the drag in progress
    const camera = JSON.stringify(this.camera);
    chart.setAttribute("aria-label", `${summary} Arrow keys turn all surfaces, plus and minus move closer and away.`);
    const drawn = `${this.presentation.active} ${figure}`;
    if (chart.drawnFigure === drawn && chart.drawnCamera === camera) return;
    const { data, layout } = JSON.parse(figure);
    if (this.presentation.active) enlargeText(layout);
    if (layout.scene) layout.scene.camera = this.camera;
    chart.axisTitles = layout.scene && AXES.map((axis) => layout.scene[axis].title.text);
    chart.sides = layout.scene?.aspectratio;
    chart.figureHeight = layout.height;
    chart.drawnTitle = { text: layout.title?.text ?? "", height: layout.margin?.t ?? 0 };
    fitLayout(chart, layout, this.camera);
    chart.light = data[0]?.lighting;
    if (chart.light) data[0].lighting = lightOf(chart, this.camera);
    const isNew = !chart.data;
    // not responsive, which follows the window only; `resize` follows the element. At most 2 pixels per CSS pixel
    await this.Plotly.react(chart, data, layout, {
      ...config, responsive: false, displayModeBar: false, plotGlPixelRatio: Math.min(2, window.devicePixelRatio),
    });
    unscale(chart);
    fadeBehind(chart, this.camera);
    chart.drawnFigure = drawn;
    chart.drawnCamera = camera;
    if (isNew) this.listen(chart);
  }

  /** @param {Chart} chart */
  listen(chart) {
    chart.on("plotly_relayouting", (/** @type {any} */ event) => {
      if (event["scene.camera"] && !this.dragged) this.followDrag(this.dragged = chart);
    });
    chart.on("plotly_relayout", (/** @type {any} */ event) => {
      this.dragged = undefined;
      const camera = event["scene.camera"];
      if (camera && !this.settling) this.settle(camera);
    });
    chart.on("plotly_hover", (/** @type {any} */ { points: [point] }) => this.pointer.hoverSurface(point));
    chart.on("plotly_unhover", () => this.pointer.leaveSurface());
  }

  /** Turn the other surfaces with the dragged one at every frame, since its events lag by one movement.
   * @param {Chart} chart
   * @param {string} [last] */
  followDrag(chart, last) {
    if (this.dragged !== chart || !chart._fullLayout?.scene?._scene) return;
    const camera = chart._fullLayout.scene._scene.getCamera(), current = JSON.stringify(camera);
    if (current !== last) {
      fadeBehind(chart, camera);
      this.applyCamera(camera, chart);
    }
    if (last) this.pointer.unhover();
    requestAnimationFrame(() => this.followDrag(chart, current));
  }

  /** Set the camera of all surfaces but one, by a private call: a relayout at every movement is too slow.
   * @param {Camera} camera
   * @param {Chart} [except] */
  applyCamera(camera, except) {
    for (const chart of this.surfaces) {
      if (chart === except) continue;
      chart._fullLayout.scene._scene.setViewport({ ...chart._fullLayout.scene, camera });
      fadeBehind(chart, camera);
    }
  }

  /** Set the camera of all surfaces at the end of a movement, and send it to Python.
   * @param {Camera} camera */
  async settle(camera) {
    this.settling = true;          // these relayouts are reported as well, and would settle again without end
    const settled = this.camera = toCamera(toNumbers({ ...camera, center: camera.center ?? { x: 0, y: 0, z: 0 } }));
    try {
      await Promise.all(this.surfaces.map((chart) => {
        fitTitles(chart, chart.layout, this.camera);
        const numbers = numbersAt(chart, settled).map((shown, index) => [`scene.${AXES[index]}.showticklabels`, shown]);
        const title = { "scene.zaxis.title.text": chart.layout.scene.zaxis.title.text };
        const change = { "scene.camera": this.camera, ...Object.fromEntries(numbers), ...title };
        return this.Plotly.update(chart, { lighting: lightOf(chart, this.camera) }, change, [0]);
      }));
      this.toolbar.markView(this.view);
      for (const chart of this.surfaces) {
        chart.drawnCamera = JSON.stringify(this.camera);
        fadeBehind(chart, this.camera);
      }
    } finally {
      this.settling = false;
    }
    const numbers = toNumbers(this.camera);
    this.sentCameras.add(JSON.stringify(numbers));
    this.setState("camera", numbers);
  }

  /** Show the surfaces alone on the whole screen. */
  async present() {
    await this.presentation.open();
    this.charts[0]?.focus();
  }

  /** Draw all charts again where the size of their text has changed. */
  redraw() {
    this.pending = this.pending.then(async () => {
      for (const [index, { figure, summary }] of (this.data?.figures ?? []).entries()) {
        if (this.removed || !this.charts[index]) return;
        await this.draw(this.charts[index], figure, summary, this.data.config);
        this.resize(this.charts[index]);
      }
    });
  }

  /** @param {KeyboardEvent} event */
  moveByKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.camera) return;
    const camera = moveByKey(event.key, this.camera);
    if (!camera) return;
    event.preventDefault();        // an arrow key would scroll the page
    this.camera = camera;
    this.pointer.unhover();
    this.applyCamera(camera);
    clearTimeout(this.settleTimer);
    this.settleTimer = window.setTimeout(() => this.settle(camera), SETTLE_DELAY);
  }

  /** Render all surfaces as they are on the screen, and send them to Python, which combines them to one picture. */
  async save() {
    this.toolbar.startSaving();
    this.pointer.unhover();
    await new Promise((resolve) => setTimeout(resolve));   // lets the browser redraw the button first
    try {
      const { width, shape, numbers = true } = this.toolbar.format;
      this.setTrigger("picture", { width, shape, numbers, images: await this.render(width) });
      this.toolbar.awaitPicture();
    } catch (error) {
      this.toolbar.endSaving(String(error instanceof Error ? error.message : error));
    }
  }

  /** Return the PNG of every surface, by label.
   * @param {number} width of the whole picture, pixels
   * @returns {Promise<{ [label: string]: string }>} */
  async render(width) {
    const columns = Math.max(2, Math.min(4, this.charts.length));
    /** @type {[string, string][]} */
    const images = [];
    for (const [index, { label }] of this.data.figures.entries()) {
      const scene = this.charts[index]?._fullLayout?.scene?._scene;
      if (!scene) continue;
      const scale = Math.min(MAX_SCALE, width / columns / scene.glplot.canvas.clientWidth);
      const png = renderScene(scene, scale), behind = this.charts[index].classList.contains("linked-behind");
      images.push([label, await withAnnotations(png, scene, scale, behind)]);
    }
    return Object.fromEntries(images);
  }

  remove() {
    this.removed = true;
    this.pointer.stop();
    this.presentation.stop();
    this.tabs.stop();
    this.dragged = undefined;
    clearTimeout(this.settleTimer);
    this.resizeObserver.disconnect();
    this.charts.forEach((chart) => this.removeChart(chart));
    this.root.remove();
  }
}
