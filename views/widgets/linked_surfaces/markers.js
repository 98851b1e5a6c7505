// One point (α, β) on all charts: rings on surfaces and maps, a line on cuts, and a readout of every metric.

/** @typedef {any} Chart an element that plotly.js draws in; it has no published types */
/** @typedef {[number, number]} SlicePoint (α, β) */
/** @typedef {{ label: string, color: string | null, alpha: number[], beta: number[], metrics: (Float32Array | null)[] }} SurfaceValues */

const RING = 14;                   // diameter, pixels
const READOUT_GAP = 4;             // between the charts and the readout, pixels
const PAGE_BAR = 56;               // height of the bar of pages, pixels
const NARROW_WINDOW = 640;         // pixels of width below which the readout has a row for each metric

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

/** Return a number as text, as Python's `number` writes it: three significant digits, and a power of ten where it is
 * small or large.
 * @type {(value: number) => string} */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return "–";
  const rounded = Number(value.toPrecision(3)), size = Math.abs(rounded);
  const sign = rounded < 0 ? "−" : "";
  if (size === 0 || (size >= 1e-4 && size < 1000)) return `${sign}${size}`;
  if (size >= 1000 && size < 1e9) return `${sign}${size.toLocaleString("en-US")}`;
  const [mantissa, exponent] = size.toExponential().split("e"), power = `10${raised(Number(exponent))}`;
  return sign + (mantissa === "1" ? power : `${mantissa}·${power}`);
}

/** @type {(exponent: number) => string} */
const raised = (exponent) => [...String(exponent)].map((digit) => digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");

/** Return a share of 1 as a percentage.
 * @type {(share: number) => string} */
export const formatShare = (share) => Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "–";

class PointMarkers {
  /** @param {HTMLElement} root parent of markers and readout, which are positioned in the window */
  constructor(root) {
    /** @type {{ metrics: string[], shares: boolean[], surfaces: SurfaceValues[] } | undefined} */
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
    this.values = { metrics: values.metrics, shares: values.shares, surfaces: values.surfaces.map(decode) };
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
   * @param {DOMRect} place of the charts that the pointer is on */
  show([alpha, beta], surfaces, place) {
    if (!this.values?.surfaces.length) return;
    this.layer.replaceChildren(
      ...surfaces.map((chart) => this.markSurface(chart, alpha, beta)),
      ...this.charts("maps").map((chart) => this.markChart(chart, alpha, beta)),
      ...this.charts("cuts").map((chart) => this.markChart(chart, alpha, undefined)),
    );
    this.fillReadout(alpha, beta);
    this.placeReadout(place);
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

  /** Fill the readout with every metric of all surfaces at a point: a row for each surface, or for each metric in a
   * narrow window.
   * @type {(alpha: number, beta: number) => void} */
  fillReadout(alpha, beta) {
    const { metrics, shares, surfaces } = this.values ?? { metrics: [], shares: [], surfaces: [] };
    const first = tableCell("th", `α ${formatNumber(alpha)}, β ${formatNumber(beta)}`);
    const rows = [[first, ...metrics.map((title) => tableCell("th", title))]];
    for (const surface of surfaces) {
      const index = nearest(surface.beta, beta) * surface.alpha.length + nearest(surface.alpha, alpha);
      const name = tableCell("th", surface.label), texts = surface.metrics.map((values, metric) => {
        const value = values?.[index] ?? NaN;
        return shares[metric] ? formatShare(value) : formatNumber(value);
      });
      name.style.color = surface.color ?? "inherit";
      rows.push([name, ...texts.map((text) => tableCell("td", text))]);
    }
    const narrow = window.innerWidth < NARROW_WINDOW;
    const shown = narrow ? rows[0].map((_, column) => rows.map((row) => row[column])) : rows;
    const table = document.createElement("table");
    for (const cells of shown) table.insertRow().append(...cells);
    this.readout.replaceChildren(table);
  }

  /** Show the readout below the charts that the pointer is on, or above them where the window ends there: it covers none
   * of them.
   * @param {DOMRect} place */
  placeReadout({ left, width, top, bottom }) {
    this.readout.hidden = false;
    const own = this.readout.getBoundingClientRect(), below = bottom + READOUT_GAP, above = top - READOUT_GAP - own.height;
    const last = window.innerHeight - own.height - READOUT_GAP;
    const across = Math.min(left + (width - own.width) / 2, window.innerWidth - own.width - READOUT_GAP);
    this.readout.style.left = `${Math.max(READOUT_GAP, across)}px`;
    this.readout.style.top = `${below <= last ? below : above >= PAGE_BAR ? above : last}px`;
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
