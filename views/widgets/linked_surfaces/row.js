// Surfaces side by side with one camera. What each picture shows comes from Python as a Plotly figure; here is only
// what a figure cannot do: turn together, keep the camera when figures change, mark one place on all, be kept as a file.

const SETTLED = 400;               // milliseconds without a key after which the camera is told to Python
const CLICK = 4;                   // pixels that a click may move
const WIDTHS = { "for a page": 1200, "for a slide": 1920, "for print": 3840 };
const SHARPEST = 4;                // pixels of a saved picture for one of the screen's, at most
const PATIENCE = 30_000;           // milliseconds after which a picture that has not come can be asked for again

/** @type {Promise<any> | undefined} */
let loading;                       // one plotly.js for all pages, fetched once

/** @type {(bundle: string) => Promise<any>} */
function plotly(bundle) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(bundle, document.baseURI).href;
    script.onload = () => resolve(/** @type {any} */ (window).moduleName);   // the name that the bundle gives itself outside of modules
    script.onerror = () => { loading = undefined; reject(new Error(`${script.src} could not be loaded`)); };
    document.head.appendChild(script);
  });
  return loading;
}

/**
 * @template {keyof HTMLElementTagNameMap} Kind
 * @param {Kind} kind
 * @param {string} name
 * @returns {HTMLElementTagNameMap[Kind]}
 */
function made(kind, name, words = "") {
  const element = document.createElement(kind);
  element.className = name;
  element.textContent = words;
  return element;
}

class Row {
  /** @param {Element} parent */
  constructor(parent) {
    this.root = made("div", "linked-row");
    this.grid = this.root.appendChild(made("div", "linked-surfaces"));
    this.tools = this.root.appendChild(made("div", "linked-tools"));
    this.saver = made("button", "linked-tool");
    this.width = made("select", "linked-tool");
    parent.appendChild(this.root);
    /** @type {any} what Python sent last, and what of it is drawn */
    this.next = this.data = undefined;
    /** @type {any} */
    this.Plotly = undefined;
    /** @type {(name: string, value: any) => void} of a state, which Python has until the next */
    this.tell = () => {};
    /** @type {(name: string, value: any) => void} of something that happened once */
    this.send = () => {};
    /** @type {Camera | undefined} */
    this.camera = undefined;
    /** @type {Place | undefined} under the pointer */
    this.here = undefined;
    this.onChart = false;
    /** @type {Pointer} */
    this.pointer = { clientX: 0, clientY: 0 };
    /** @type {Chart} that is being turned */
    this.dragged = undefined;
    /** @type {number | undefined} */
    this.saved = this.later = undefined;
    this.gone = false;
    /** @type {Set<string>} */
    this.told = new Set();         // cameras that Python has from us: when they come back they are no news
    this.settling = false;
    this.over = new AbortController();
    this.work = Promise.resolve();
    this.resized = new ResizeObserver((entries) => entries.forEach(({ target }) => this.fit(target)));
    this.places = new Places(this.root);
    this.offer();
    this.followPointer();
  }

  /** @returns {Chart[]} */
  get cells() { return [...this.grid.children]; }
  get scenes() { return this.cells.filter((cell) => cell._fullLayout?.scene?._scene); }

  /** @param {Chart} cell */
  fit(cell) {
    if (cell.data && cell.clientWidth) this.Plotly.Plots.resize(cell);
  }

  /** Draw what Python sent; of several calls in a row, those that are overtaken are left out.
   * @param {any} data
   * @param {(name: string, value: any) => void} tell
   * @param {(name: string, value: any) => void} press */
  show(data, tell, press) {
    this.tell = tell;
    this.send = press;
    this.next = data;
    if (data.saved && this.saved !== data.saved.id) {
      this.saved = data.saved.id;
      keep(data.saved.name, data.saved.png);
      this.ready("Save picture");
    }
    this.work = this.work.then(async () => {
      if (this.next !== data || this.gone) return;
      const start = performance.now();
      this.Plotly = await plotly(data.bundle);
      this.data = data;
      this.adopt(data.camera);
      this.places.know(data);
      this.lay(data.figures.length);
      for (const [place, { figure, summary }] of data.figures.entries()) {
        if (this.gone) return;
        await this.draw(this.cells[place], figure, summary, data.config);
      }
      this.tools.hidden = !this.scenes.length;
      requestAnimationFrame(() => performance.measure("linked-surfaces", { start }));   // for benchmarks
    }).catch((error) => { this.grid.textContent = `The surfaces cannot be drawn: ${error.message}`; });
    return this.work;
  }

  /** @param {number[]} camera */
  adopt(camera) {
    const name = JSON.stringify(camera);
    if (this.told.has(name) && this.camera) return;
    this.camera = unpacked(camera);
    this.told.add(name);
  }

  /** All cells first: a surface is as large as its cell when it is drawn.
   * @param {number} count */
  lay(count) {
    while (this.cells.length > count) this.drop(this.cells.at(-1));
    while (this.cells.length < count) {
      const cell = made("div", "linked-surface");
      cell.dataset.place = String(this.cells.length);
      cell.tabIndex = 0;
      cell.setAttribute("role", "group");
      cell.addEventListener("keydown", (event) => this.press(event));
      this.grid.appendChild(cell);
      this.resized.observe(cell);
    }
  }

  /** @param {Chart} cell */
  drop(cell) {
    this.resized.unobserve(cell);
    this.Plotly?.purge(cell);      // gives its WebGL context back
    cell.remove();
  }

  /** @param {Chart} cell
   * @param {string} text
   * @param {string} summary
   * @param {any} config */
  async draw(cell, text, summary, config) {
    const seen = this.dragged?._fullLayout?.scene?._scene;
    if (seen) this.camera = seen.getCamera();   // a finer surface that arrives in a drag does not turn it back
    const camera = JSON.stringify(this.camera);
    cell.setAttribute("aria-label", `${summary} Arrow keys turn all surfaces, plus and minus move closer and away.`);
    if (cell.shown === text && cell.camera === camera) return;
    const { data, layout } = JSON.parse(text);
    if (layout.scene) layout.scene.camera = this.camera;
    cell.style.height = `${layout.height}px`;
    const first = !cell.data;
    // not responsive: that follows the window only, and `fit` follows the cell. As sharp as the screen and no sharper
    await this.Plotly.react(cell, data, layout, {
      ...config, responsive: false, displayModeBar: false, plotGlPixelRatio: Math.min(2, window.devicePixelRatio),
    });
    cell.shown = text;
    cell.camera = camera;
    if (first) this.listen(cell);
  }

  /** @param {Chart} cell */
  listen(cell) {
    cell.on("plotly_relayouting", (/** @type {any} */ event) => {
      if (event["scene.camera"] && !this.dragged) this.lead(this.dragged = cell);
    });
    cell.on("plotly_relayout", (/** @type {any} */ event) => {
      this.dragged = undefined;
      const camera = event["scene.camera"];
      if (camera && !this.settling) this.settle(camera);
    });
    cell.on("plotly_hover", (/** @type {any} */ { points: [{ x, y }], event }) => {
      this.here = Number.isFinite(x + y) ? [x, y] : undefined;
      if (this.here && !this.dragged) this.places.show(this.here, this.scenes, event ?? this.pointer);
    });
    cell.on("plotly_unhover", () => !this.onChart && this.leave());   // told late, when the pointer may be elsewhere
  }

  leave() {
    this.here = undefined;
    this.places.hide();
  }

  /** Follow the pointer over maps and cuts as well, and tell Python the place that is clicked on.
   *
   * plotly.js calls the beginning of every drag a click, so that a click is what has hardly moved.
   */
  followPointer() {
    const { signal } = this.over;
    /** @type {{ x: number, y: number, place: Place | undefined } | undefined} */
    let pressed;
    const over = (/** @type {PointerEvent} */ event) => event.target instanceof Node && this.grid.contains(event.target);
    const frame = (/** @type {PointerEvent} */ event) => {
      this.pointer = event;
      const place = this.dragged || over(event) ? undefined : this.places.under(event);
      if (place) this.places.show(this.here = place, this.scenes, event);
      else if (this.onChart) this.leave();
      this.onChart = Boolean(place);                    // surfaces tell by themselves
    };
    document.addEventListener("pointermove", frame, { signal, passive: true });
    document.addEventListener("scroll", () => this.leave(), { signal, passive: true, capture: true });
    document.addEventListener("pointerdown", (event) => {
      const place = over(event) ? this.here : this.places.under(event);
      pressed = { x: event.clientX, y: event.clientY, place };
    }, { signal, capture: true });
    window.addEventListener("pointerup", (event) => {
      const moved = pressed ? Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) : CLICK;
      if (pressed?.place && moved < CLICK) this.tell("point", pressed.place);
      pressed = undefined;
    }, { signal });
  }

  /** Turn all others with one while it is dragged, frame by frame: its events are one movement late.
   * @param {Chart} cell
   * @param {string} [last] */
  lead(cell, last) {
    if (this.dragged !== cell || !cell._fullLayout?.scene?._scene) return;
    const camera = cell._fullLayout.scene._scene.getCamera(), now = JSON.stringify(camera);
    if (now !== last) this.follow(camera, cell);
    if (last) this.leave();
    requestAnimationFrame(() => this.lead(cell, now));
  }

  /** Show a camera on all surfaces but the one that has it. A private call: a relayout for every movement is too slow.
   * @param {Camera} camera
   * @param {Chart} [leader] */
  follow(camera, leader) {
    for (const cell of this.scenes) {
      if (cell !== leader) cell._fullLayout.scene._scene.setViewport({ ...cell._fullLayout.scene, camera });
    }
  }

  /** Give all the same camera for good, and tell Python.
   * @param {Camera} camera */
  async settle(camera) {
    this.settling = true;          // our own relayouts are reported as well, and would echo for ever
    this.camera = unpacked(packed({ ...camera, center: camera.center ?? { x: 0, y: 0, z: 0 } }));
    try {
      await Promise.all(this.scenes.map((cell) => this.Plotly.relayout(cell, { "scene.camera": this.camera })));
      for (const cell of this.scenes) cell.camera = JSON.stringify(this.camera);
    } finally {
      this.settling = false;
    }
    const six = packed(this.camera);
    this.told.add(JSON.stringify(six));
    this.tell("camera", six);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.camera) return;
    const camera = pressed(event.key, this.camera);
    if (!camera) return;
    event.preventDefault();        // an arrow key would scroll the page
    this.camera = camera;
    this.leave();
    this.follow(camera);
    clearTimeout(this.later);
    this.later = window.setTimeout(() => this.settle(camera), SETTLED);
  }

  /** Offer what can be done with all surfaces, in buttons that a keyboard reaches. */
  offer() {
    /** @type {(words: string, act: () => unknown) => HTMLButtonElement} */
    const button = (words, act) => {
      const one = made("button", "linked-tool", words);
      one.type = "button";
      one.addEventListener("click", act);
      return this.tools.appendChild(one);
    };
    button("From the front", () => this.settle(unpacked(this.data.home)));
    button("From above", () => this.camera && this.settle(above(this.camera)));
    this.saver = button("Save picture", () => this.save());
    this.tools.appendChild(this.width);
    this.width.setAttribute("aria-label", "Width of the saved picture");
    for (const [words, width] of Object.entries(WIDTHS)) {
      this.width.add(new Option(`${words}, ${width} pixels`, String(width), false, width === WIDTHS["for a slide"]));
    }
    this.tools.hidden = true;
  }

  /** @param {string} words */
  ready(words) {
    this.saver.disabled = false;
    this.saver.textContent = words;
  }

  /** Draw all surfaces as they are seen now and hand them to Python, which makes one picture of them. */
  async save() {
    this.saver.disabled = true;
    this.saver.textContent = "Drawing …";
    this.leave();
    await new Promise((resolve) => setTimeout(resolve));   // the button is drawn first
    const width = Number(this.width.value), across = Math.max(2, Math.min(4, this.cells.length));
    try {
      const pictures = this.data.figures.map((/** @type {{ label: string }} */ { label }, /** @type {number} */ place) => {
        const scene = this.cells[place]?._fullLayout?.scene?._scene;
        return [label, scene && sharpened(scene, Math.min(SHARPEST, width / across / scene.glplot.canvas.clientWidth))];
      });
      this.send("picture", { width, pictures: Object.fromEntries(pictures.filter((/** @type {any[]} */ [, picture]) => picture)) });
      setTimeout(() => this.ready("Save picture"), PATIENCE);
    } catch (error) {
      this.ready("Save picture");
      this.saver.title = `This picture could not be drawn: ${error instanceof Error ? error.message : error}`;
    }
  }

  end() {
    this.gone = true;
    this.over.abort();
    this.dragged = undefined;
    clearTimeout(this.later);
    this.resized.disconnect();
    this.cells.forEach((cell) => this.drop(cell));
    this.root.remove();
  }
}
