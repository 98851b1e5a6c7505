// Surfaces side by side with one camera. What each picture shows comes from Python as a Plotly figure; here is only
// what a figure cannot do: turn together, keep the camera when the figures change, and be turned by keys.

const STEP = Math.PI / 36;         // of one press of an arrow key
const CLOSER = 0.9;                // of one press of "+"
const SETTLED = 400;               // milliseconds without a key after which the camera is told to Python
const NO_WEBGL = "This browser has no WebGL, which drawing in three dimensions needs: the maps below show the same.";
const CLICK = 4;                   // pixels that a click may move
const STEEPEST = 0.49 * Math.PI;   // a turntable has no way over the top

let loading;                       // one plotly.js for all pages, fetched once

function plotly(bundle) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(bundle, document.baseURI).href;
    script.onload = () => resolve(window.moduleName);   // the name that the bundle gives itself outside of modules
    script.onerror = () => { loading = undefined; reject(new Error(`${script.src} could not be loaded`)); };
    document.head.appendChild(script);
  });
  return loading;
}

let drawable;                      // asking costs a WebGL context, so it is asked once
function webgl() {
  if (drawable === undefined) {
    const context = document.createElement("canvas").getContext("webgl");
    drawable = Boolean(context);
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return drawable;
}

const TURNTABLE = { up: { x: 0, y: 0, z: 1 }, projection: { type: "perspective" } };
const point = ([x, y, z]) => ({ x, y, z });
const unpacked = (six) => ({ eye: point(six.slice(0, 3)), center: point(six.slice(3)), ...TURNTABLE });
const packed = ({ eye, center }) =>
  [eye.x, eye.y, eye.z, center.x, center.y, center.z].map((value) => Math.round(1000 * value) / 1000);

/** Return the camera after a press of a key, undefined if the key does not turn anything. */
export function pressed(key, camera) {
  const [x, y, z] = ["x", "y", "z"].map((axis) => camera.eye[axis] - camera.center[axis]);
  let distance = Math.hypot(x, y, z), azimuth = Math.atan2(y, x), height = Math.asin(z / distance);
  if (key === "ArrowLeft") azimuth -= STEP;
  else if (key === "ArrowRight") azimuth += STEP;
  else if (key === "ArrowUp") height = Math.min(height + STEP, STEEPEST);
  else if (key === "ArrowDown") height = Math.max(height - STEP, -STEEPEST);
  else if (key === "+" || key === "=") distance *= CLOSER;
  else if (key === "-") distance /= CLOSER;
  else return undefined;
  const across = distance * Math.cos(height);
  const away = { x: across * Math.cos(azimuth), y: across * Math.sin(azimuth), z: distance * Math.sin(height) };
  const eye = Object.fromEntries(["x", "y", "z"].map((axis) => [axis, camera.center[axis] + away[axis]]));
  return { eye, center: camera.center, ...TURNTABLE };
}

class Row {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "linked-surfaces";
    parent.appendChild(this.root);
    this.told = new Set();         // cameras that Python has from us: when they come back they are no news
    this.settling = false;
    this.over = new AbortController();
    this.work = Promise.resolve();
    this.resized = new ResizeObserver((entries) => entries.forEach(({ target }) => this.fit(target)));
  }

  get cells() { return [...this.root.children]; }
  get scenes() { return this.cells.filter((cell) => cell._fullLayout?.scene?._scene); }

  fit(cell) {
    if (cell.data && cell.clientWidth) this.Plotly.Plots.resize(cell);
  }

  /** Draw what Python sent; of several calls in a row, those that are overtaken are left out. */
  show(data, tell) {
    this.tell = tell;
    this.next = data;
    this.work = this.work.then(async () => {
      if (this.next !== data || this.gone) return;
      this.Plotly = await plotly(data.bundle);
      this.adopt(data.camera);
      this.lay(data.figures.length);
      for (const [place, { figure, summary }] of data.figures.entries()) {
        if (this.gone) return;
        await this.draw(this.cells[place], figure, summary, data.config);
      }
    }).catch((error) => { this.root.textContent = `The surfaces cannot be drawn: ${error.message}`; });
    return this.work;
  }

  adopt(camera) {
    const name = JSON.stringify(camera);
    if (this.told.has(name) && this.camera) return;
    this.camera = unpacked(camera);
    this.told.add(name);
  }

  /** All cells first: a surface is as large as its cell when it is drawn. */
  lay(count) {
    while (this.cells.length > count) this.drop(this.cells.at(-1));
    while (this.cells.length < count) {
      const cell = document.createElement("div");
      cell.className = "linked-surface";
      cell.dataset.place = this.cells.length;
      cell.tabIndex = 0;
      cell.setAttribute("role", "group");
      cell.addEventListener("keydown", (event) => this.press(event));
      this.root.appendChild(cell);
      this.resized.observe(cell);
    }
  }

  drop(cell) {
    this.resized.unobserve(cell);
    this.Plotly?.purge(cell);      // gives its WebGL context back
    cell.remove();
  }

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
      ...config, responsive: false, plotGlPixelRatio: Math.min(2, window.devicePixelRatio),
    });
    cell.shown = text;
    cell.camera = camera;
    if (first) this.listen(cell);
  }

  listen(cell) {
    cell.on("plotly_relayouting", (event) => {
      if (event["scene.camera"] && !this.dragged) this.lead(this.dragged = cell);
    });
    this.choose(cell);
    cell.on("plotly_relayout", (event) => {
      this.dragged = undefined;
      const camera = event["scene.camera"];
      if (camera && !this.settling) this.settle(camera);
    });
  }

  /** Tell Python the point that is clicked on. plotly.js calls the beginning of every drag a click, too. */
  choose(cell) {
    let under, pressed;
    cell.on("plotly_hover", ({ points: [{ x, y }] }) => (under = Number.isFinite(x + y) ? [x, y] : undefined));
    cell.on("plotly_unhover", () => (under = undefined));
    cell.addEventListener("pointerdown", (event) => (pressed = { x: event.clientX, y: event.clientY, under }), true);
    window.addEventListener("pointerup", (event) => {
      const moved = pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y);
      if (pressed?.under && moved < CLICK) this.tell("point", pressed.under);
      pressed = undefined;
    }, { signal: this.over.signal });
  }

  /** Turn all others with one while it is dragged, frame by frame: its events are one movement late. */
  lead(cell, last) {
    if (this.dragged !== cell || !cell._fullLayout?.scene?._scene) return;
    const camera = cell._fullLayout.scene._scene.getCamera(), now = JSON.stringify(camera);
    if (now !== last) this.follow(camera, cell);
    requestAnimationFrame(() => this.lead(cell, now));
  }

  /** Show a camera on all surfaces but the one that has it. A private call: a relayout for every movement is too slow. */
  follow(camera, leader) {
    for (const cell of this.scenes) {
      if (cell !== leader) cell._fullLayout.scene._scene.setViewport({ ...cell._fullLayout.scene, camera });
    }
  }

  /** Give all the same camera for good, and tell Python. */
  async settle(camera) {
    this.settling = true;          // our own relayouts are reported as well, and would echo for ever
    this.camera = unpacked(packed({ center: { x: 0, y: 0, z: 0 }, ...camera }));
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

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.camera) return;
    const camera = pressed(event.key, this.camera);
    if (!camera) return;
    event.preventDefault();        // an arrow key would scroll the page
    this.camera = camera;
    this.follow(camera);
    clearTimeout(this.later);
    this.later = setTimeout(() => this.settle(camera), SETTLED);
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

const rows = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  if (!webgl()) {
    parentElement.textContent = NO_WEBGL;   // not told to Python: the maps are on the page already
    return undefined;
  }
  let row = rows.get(parentElement);
  if (!row || row.gone) rows.set(parentElement, (row = new Row(parentElement)));
  row.show(data, setStateValue);
  return () => row.end();
}
