// One point (α, β) on all charts: rings on surfaces and maps, a line on cuts, and a readout of every metric.

/** @typedef {any} Chart an element that plotly.js draws in; it has no published types */
/** @typedef {[number, number]} SlicePoint (α, β) */
/** @typedef {{ clientX: number, clientY: number }} Pointer position in the window, pixels */
/** @typedef {{ label: string, color: string | null, alpha: number[], beta: number[], metrics: (Float32Array | null)[] }} SurfaceValues */

const RING = 14;                   // diameter, pixels
const READOUT_OFFSET = 18;         // between the pointer and the readout, pixels

/** Return a 4 × 4 matrix in column-major order times a vector.
 * @type {(m: ArrayLike<number>, v: number[]) => number[]} */
const times = (m, v) => [0, 1, 2, 3].map((row) => m[row] * v[0] + m[4 + row] * v[1] + m[8 + row] * v[2] + m[12 + row] * v[3]);

/** Return where a point of a scene appears, as shares of width and height from the upper left; (-1, -1) behind the eye.
 * @type {(params: { model: number[], view: number[], projection: number[] }, position: number[]) => [number, number]} */
export function project({ model, view, projection }, position) {
  const [x = 0, y = 0, , w = 0] = [model, view, projection].reduce((vector, matrix) => times(matrix, vector), [...position, 1]);
  return w > 0 ? [0.5 + 0.5 * x / w, 0.5 - 0.5 * y / w] : [-1, -1];
}

/** Return the index of the number in a list that is nearest to a value.
 * @type {(list: number[], value: number) => number} */
export function nearest(list, value) {
  let best = 0;
  list.forEach((number, index) => { if (Math.abs(number - value) < Math.abs(list[best] - value)) best = index; });
  return best;
}

/** Return the little-endian float32 numbers of a base64 text.
 * @type {(text: string) => Float32Array} */
export function decodeFloat32(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** Return a number as text with three or four significant digits.
 * @type {(value: number) => string} */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

class PointMarkers {
  /** @param {HTMLElement} root parent of markers and readout, which are positioned in the window */
  constructor(root) {
    /** @type {{ metrics: string[], surfaces: SurfaceValues[] } | undefined} */
    this.values = undefined;
    /** @type {{ [kind: string]: string }} */
    this.linked = {};              // CSS selectors of the page's maps and cuts
    this.layer = document.createElement("div");
    this.layer.className = "linked-markers";
    this.layer.setAttribute("aria-hidden", "true");     // a click shows the same numbers in a table
    this.readout = document.createElement("div");
    this.readout.className = "linked-readout";
    root.append(this.layer, this.readout);
    this.readout.setAttribute("aria-hidden", "true");
    this.hide();
  }

  /** Store the data from Python: the axes of the surfaces, and the values of every metric row by row.
   * @param {any} data */
  setData({ values, linked }) {
    this.linked = linked;
    /** @type {(surface: any) => SurfaceValues} */
    const decode = (surface) => ({ ...surface, metrics: surface.metrics.map((/** @type {string | null} */ text) => text && decodeFloat32(text)) });
    this.values = { metrics: values.metrics, surfaces: values.surfaces.map(decode) };
  }

  /** Return the maps or the cuts of the page.
   * @param {string} kind
   * @returns {Chart[]} */
  charts(kind) {
    /** @type {Chart[]} */
    const charts = [...document.querySelectorAll(this.linked[kind] ?? "none")];
    return charts.filter((chart) => chart._fullLayout);
  }

  /** Return the point under the pointer on a map or a cut, undefined elsewhere.
   * @param {PointerEvent} event
   * @returns {SlicePoint | undefined} */
  pointUnder(event) {
    const target = event.target instanceof Element ? event.target : undefined;
    /** @type {Chart} */
    const chart = target?.closest(".js-plotly-plot");
    const kind = chart && ["maps", "cuts"].find((name) => chart.matches(this.linked[name] ?? "none"));
    const first = this.values?.surfaces[0];
    if (!kind || !chart._fullLayout?.xaxis || !first) return undefined;
    const { xaxis, yaxis, _size } = chart._fullLayout, box = chart.getBoundingClientRect();
    const x = event.clientX - box.left - xaxis._offset, y = event.clientY - box.top - yaxis._offset;
    if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length || !_size) return undefined;
    const { alpha, beta } = first, vertical = kind === "maps" ? yaxis.p2l(y) : 0;
    return [alpha[nearest(alpha, xaxis.p2l(x))] ?? 0, beta[nearest(beta, vertical)] ?? 0];
  }

  /** Mark a point on all charts and show every metric there.
   * @param {SlicePoint} point
   * @param {Chart[]} surfaces
   * @param {Pointer} pointer */
  show([alpha, beta], surfaces, pointer) {
    if (!this.values?.surfaces.length) return;
    this.layer.replaceChildren(
      ...surfaces.map((chart) => this.markSurface(chart, alpha, beta)),
      ...this.charts("maps").map((chart) => this.markChart(chart, alpha, beta)),
      ...this.charts("cuts").map((chart) => this.markChart(chart, alpha, undefined)),
    );
    this.fillReadout(alpha, beta);
    this.placeReadout(pointer);
  }

  hide() {
    this.layer.replaceChildren();
    this.readout.hidden = true;
  }

  /** @type {(chart: Chart, alpha: number, beta: number) => HTMLElement | ""} */
  markSurface(chart, alpha, beta) {
    const scene = chart._fullLayout?.scene?._scene;
    const surface = chart._fullData?.find((/** @type {any} */ trace) => trace.type === "surface");
    if (!scene || !surface) return "";
    const row = nearest([...surface.y], beta), column = nearest([...surface.x], alpha), height = surface.z[row]?.[column];
    if (!Number.isFinite(height)) return "";
    const position = [surface.x[column], surface.y[row], height].map((value, axis) => value * scene.dataScale[axis]);
    const [x, y] = project(scene.glplot.cameraParams, position), box = scene.container.getBoundingClientRect();
    return marker("ring", box.left + x * box.width, box.top + y * box.height, box);
  }

  /** @type {(chart: Chart, alpha: number, beta: number | undefined) => HTMLElement | ""} */
  markChart(chart, alpha, beta) {
    const { xaxis, yaxis } = chart._fullLayout, box = chart.getBoundingClientRect();
    if (!xaxis || !yaxis) return "";
    const x = box.left + xaxis._offset + xaxis.l2p(alpha), top = box.top + yaxis._offset;
    if (beta !== undefined) return marker("ring", x, top + yaxis.l2p(beta), box);
    const line = marker("line", x, top, box);
    if (line) line.style.height = `${yaxis._length}px`;
    return line;
  }

  /** Fill the readout with every metric of all surfaces at a point.
   * @type {(alpha: number, beta: number) => void} */
  fillReadout(alpha, beta) {
    const { metrics, surfaces } = this.values ?? { metrics: [], surfaces: [] }, table = document.createElement("table"), head = table.insertRow();
    for (const text of [`α ${formatNumber(alpha)}, β ${formatNumber(beta)}`, ...metrics]) head.appendChild(tableCell("th", text));
    for (const surface of surfaces) {
      const row = table.insertRow(), index = nearest(surface.beta, beta) * surface.alpha.length + nearest(surface.alpha, alpha);
      row.appendChild(tableCell("th", surface.label)).style.color = surface.color ?? "inherit";
      for (const values of surface.metrics) row.appendChild(tableCell("td", values ? formatNumber(values[index] ?? NaN) : "–"));
    }
    this.readout.replaceChildren(table);
  }

  /** Show the readout beside the pointer, inside the window.
   * @param {Pointer} pointer */
  placeReadout({ clientX, clientY }) {
    this.readout.hidden = false;
    const { width, height } = this.readout.getBoundingClientRect();
    const fitsRight = clientX + READOUT_OFFSET + width < window.innerWidth, fitsBelow = clientY + READOUT_OFFSET + height < window.innerHeight;
    this.readout.style.left = `${Math.max(4, fitsRight ? clientX + READOUT_OFFSET : clientX - READOUT_OFFSET - width)}px`;
    this.readout.style.top = `${Math.max(4, fitsBelow ? clientY + READOUT_OFFSET : clientY - READOUT_OFFSET - height)}px`;
  }
}

/** @type {(kind: "th" | "td", text: string) => HTMLElement} */
function tableCell(kind, text) {
  const cell = document.createElement(kind);
  cell.textContent = text;
  return cell;
}

/** Return a marker at a position in the window, an empty text outside of its chart.
 * @type {(kind: "ring" | "line", x: number, y: number, box: DOMRect) => HTMLElement | ""} */
function marker(kind, x, y, box) {
  if (x < box.left || x > box.right || y < box.top || y > box.bottom) return "";
  const element = document.createElement("span");
  element.className = `linked-${kind}`;
  element.style.left = `${x - (kind === "ring" ? RING / 2 : 0)}px`;
  element.style.top = `${y - (kind === "ring" ? RING / 2 : 0)}px`;
  return element;
}
