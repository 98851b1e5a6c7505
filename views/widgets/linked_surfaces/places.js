// One place (α, β), wherever it is drawn: rings on surfaces and maps, a line on cuts, and every metric in a box.

/** @typedef {any} Chart an element that plotly.js draws in; what it keeps there has no published types */
/** @typedef {[number, number]} Place (α, β) */
/** @typedef {{ clientX: number, clientY: number }} Pointer a place on the window, pixels */
/** @typedef {{ label: string, colour: string | null, alpha: number[], beta: number[], metrics: (Float32Array | null)[] }} Known */

const RING = 14;                   // pixels across
const BESIDE = 18;                 // pixels between the pointer and the box

/** @type {(m: ArrayLike<number>, v: number[]) => number[]} a matrix by columns, times a vector */
const times = (m, v) => [0, 1, 2, 3].map((row) => m[row] * v[0] + m[4 + row] * v[1] + m[8 + row] * v[2] + m[12 + row] * v[3]);

/** Return where a place of a scene is seen: shares of its width and height, from the upper left; outside of [0, 1] if not.
 * @type {(params: { model: number[], view: number[], projection: number[] }, place: number[]) => [number, number]} */
export function seen({ model, view, projection }, place) {
  const [x = 0, y = 0, , w = 0] = [model, view, projection].reduce((vector, matrix) => times(matrix, vector), [...place, 1]);
  return w > 0 ? [0.5 + 0.5 * x / w, 0.5 - 0.5 * y / w] : [-1, -1];
}

/** Return the index of the number in a list that is nearest to a value.
 * @type {(list: number[], value: number) => number} */
export function nearest(list, value) {
  let best = 0;
  list.forEach((one, place) => { if (Math.abs(one - value) < Math.abs(list[best] - value)) best = place; });
  return best;
}

/** Return the numbers of a base64 text of little-endian float32.
 * @type {(text: string) => Float32Array} */
export function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** Return a number as people read it: three or four digits, no more.
 * @type {(value: number) => string} */
export function worded(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

class Places {
  /** @param {HTMLElement} root where rings and the box are kept; they are placed on the window. */
  constructor(root) {
    /** @type {{ metrics: string[], surfaces: Known[] } | undefined} */
    this.known = undefined;
    /** @type {{ [kind: string]: string }} */
    this.linked = {};
    this.layer = document.createElement("div");
    this.layer.className = "linked-places";
    this.layer.setAttribute("aria-hidden", "true");     // a click tells the same in a table
    this.box = document.createElement("div");
    this.box.className = "linked-readout";
    root.append(this.layer, this.box);
    this.box.setAttribute("aria-hidden", "true");
    this.hide();
  }

  /** Take what Python sent of the surfaces: axes and, by metric, their values, row by row.
   * @param {any} sent */
  know({ values, linked }) {
    this.linked = linked;
    /** @type {(one: any) => Known} */
    const read = (one) => ({ ...one, metrics: one.metrics.map((/** @type {string | null} */ text) => text && numbers(text)) });
    this.known = { metrics: values.metrics, surfaces: values.surfaces.map(read) };
  }

  /** Return the charts of the page that follow: whether a part of the page is a map or a cut is in its class.
   * @param {string} kind
   * @returns {Chart[]} */
  charts(kind) {
    /** @type {Chart[]} */
    const found = [...document.querySelectorAll(this.linked[kind] ?? "none")];
    return found.filter((chart) => chart._fullLayout);
  }

  /** Return the place under the pointer on a map or a cut, undefined elsewhere.
   * @param {PointerEvent} event
   * @returns {Place | undefined} */
  under(event) {
    const target = event.target instanceof Element ? event.target : undefined;
    /** @type {Chart} */
    const chart = target?.closest(".js-plotly-plot");
    const kind = chart && ["maps", "cuts"].find((one) => chart.matches(this.linked[one] ?? "none"));
    const first = this.known?.surfaces[0];
    if (!kind || !chart._fullLayout?.xaxis || !first) return undefined;
    const { xaxis, yaxis, _size } = chart._fullLayout, box = chart.getBoundingClientRect();
    const x = event.clientX - box.left - xaxis._offset, y = event.clientY - box.top - yaxis._offset;
    if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length || !_size) return undefined;
    const { alpha, beta } = first, across = kind === "maps" ? yaxis.p2l(y) : 0;
    return [alpha[nearest(alpha, xaxis.p2l(x))] ?? 0, beta[nearest(beta, across)] ?? 0];
  }

  /** Mark a place everywhere and tell every metric there.
   * @param {Place} place
   * @param {Chart[]} cells of surfaces
   * @param {Pointer} pointer */
  show([alpha, beta], cells, pointer) {
    if (!this.known?.surfaces.length) return;
    this.layer.replaceChildren(
      ...cells.map((cell) => this.onSurface(cell, alpha, beta)),
      ...this.charts("maps").map((chart) => this.onChart(chart, alpha, beta)),
      ...this.charts("cuts").map((chart) => this.onChart(chart, alpha, undefined)),
    );
    this.tell(alpha, beta, pointer);
  }

  hide() {
    this.layer.replaceChildren();
    this.box.hidden = true;
  }

  /** @type {(cell: Chart, alpha: number, beta: number) => HTMLElement | ""} */
  onSurface(cell, alpha, beta) {
    const scene = cell._fullLayout?.scene?._scene;
    const drawn = cell._fullData?.find((/** @type {any} */ trace) => trace.type === "surface");
    if (!scene || !drawn) return "";
    const row = nearest([...drawn.y], beta), column = nearest([...drawn.x], alpha), height = drawn.z[row]?.[column];
    if (!Number.isFinite(height)) return "";
    const place = [drawn.x[column], drawn.y[row], height].map((value, axis) => value * scene.dataScale[axis]);
    const [x, y] = seen(scene.glplot.cameraParams, place), box = scene.container.getBoundingClientRect();
    return mark("ring", box.left + x * box.width, box.top + y * box.height, box);
  }

  /** @type {(chart: Chart, alpha: number, beta: number | undefined) => HTMLElement | ""} */
  onChart(chart, alpha, beta) {
    const { xaxis, yaxis } = chart._fullLayout, box = chart.getBoundingClientRect();
    if (!xaxis || !yaxis) return "";
    const x = box.left + xaxis._offset + xaxis.l2p(alpha), top = box.top + yaxis._offset;
    if (beta !== undefined) return mark("ring", x, top + yaxis.l2p(beta), box);
    const line = mark("line", x, top, box);
    if (line) line.style.height = `${yaxis._length}px`;
    return line;
  }

  /** @type {(alpha: number, beta: number, pointer: Pointer) => void} */
  tell(alpha, beta, pointer) {
    const { metrics, surfaces } = this.known ?? { metrics: [], surfaces: [] }, table = document.createElement("table"), head = table.insertRow();
    for (const words of [`α ${worded(alpha)}, β ${worded(beta)}`, ...metrics]) head.appendChild(cell("th", words));
    for (const surface of surfaces) {
      const row = table.insertRow(), place = nearest(surface.beta, beta) * surface.alpha.length + nearest(surface.alpha, alpha);
      row.appendChild(cell("th", surface.label)).style.color = surface.colour ?? "inherit";
      for (const found of surface.metrics) row.appendChild(cell("td", found ? worded(found[place] ?? NaN) : "–"));
    }
    this.box.replaceChildren(table);
    this.box.hidden = false;
    const { width, height } = this.box.getBoundingClientRect();
    const right = pointer.clientX + BESIDE + width < window.innerWidth, below = pointer.clientY + BESIDE + height < window.innerHeight;
    this.box.style.left = `${Math.max(4, right ? pointer.clientX + BESIDE : pointer.clientX - BESIDE - width)}px`;
    this.box.style.top = `${Math.max(4, below ? pointer.clientY + BESIDE : pointer.clientY - BESIDE - height)}px`;
  }
}

/** @type {(kind: "th" | "td", words: string) => HTMLElement} */
function cell(kind, words) {
  const made = document.createElement(kind);
  made.textContent = words;
  return made;
}

/** Return a mark at a place of the window, nothing where that is outside of its picture.
 * @type {(kind: "ring" | "line", x: number, y: number, box: DOMRect) => HTMLElement | ""} */
function mark(kind, x, y, box) {
  if (x < box.left || x > box.right || y < box.top || y > box.bottom) return "";
  const made = document.createElement("span");
  made.className = `linked-${kind}`;
  made.style.left = `${x - (kind === "ring" ? RING / 2 : 0)}px`;
  made.style.top = `${y - (kind === "ring" ? RING / 2 : 0)}px`;
  return made;
}
