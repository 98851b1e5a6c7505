// One place (α, β), wherever it is drawn: rings on surfaces and maps, a line on cuts, and every metric in a box.

const RING = 14;                   // pixels across
const BESIDE = 18;                 // pixels between the pointer and the box

const times = (m, v) => [0, 1, 2, 3].map((row) => m[row] * v[0] + m[4 + row] * v[1] + m[8 + row] * v[2] + m[12 + row] * v[3]);

/** Return where a place of a scene is seen: shares of its width and height, from the upper left; outside of [0, 1] if not. */
export function seen({ model, view, projection }, place) {
  const [x, y, , w] = [model, view, projection].reduce((vector, matrix) => times(matrix, vector), [...place, 1]);
  return w > 0 ? [0.5 + 0.5 * x / w, 0.5 - 0.5 * y / w] : [-1, -1];
}

/** Return the index of the number in an ascending list that is nearest to a value. */
export function nearest(list, value) {
  let best = 0;
  list.forEach((one, place) => { if (Math.abs(one - value) < Math.abs(list[best] - value)) best = place; });
  return best;
}

/** Return the numbers of a base64 text of little-endian float32. */
export function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** Return a number as people read it: three or four digits, no more. */
export function worded(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

class Places {
  /** @param {HTMLElement} root where rings and the box are kept; they are placed on the window. */
  constructor(root) {
    this.layer = document.createElement("div");
    this.layer.className = "linked-places";
    this.layer.setAttribute("aria-hidden", "true");     // a click tells the same in a table
    this.box = document.createElement("div");
    this.box.className = "linked-readout";
    root.append(this.layer, this.box);
    this.box.setAttribute("aria-hidden", "true");
    this.hide();
  }

  /** Take what Python sent of the surfaces: axes and, by metric, their values, row by row. */
  know({ values, linked }) {
    if (values === this.sent) return;
    this.sent = values;
    this.linked = linked;
    this.known = values && {
      ...values,
      surfaces: values.surfaces.map((one) => ({ ...one, metrics: one.metrics.map((text) => text && numbers(text)) })),
    };
  }

  /** Return the charts of the page that follow: whether a part of the page is a map or a cut is in its class. */
  charts(kind) { return [...document.querySelectorAll(this.linked?.[kind] ?? "none")].filter((chart) => chart._fullLayout); }

  /** Return the place under the pointer on a map or a cut, undefined elsewhere. */
  under(event) {
    const chart = event.target.closest?.(".js-plotly-plot");
    const kind = chart && this.linked && ["maps", "cuts"].find((one) => chart.matches(this.linked[one]));
    if (!kind || !chart._fullLayout?.xaxis || !this.known?.surfaces.length) return undefined;
    const { xaxis, yaxis, _size } = chart._fullLayout, box = chart.getBoundingClientRect();
    const x = event.clientX - box.left - xaxis._offset, y = event.clientY - box.top - yaxis._offset;
    if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length || !_size) return undefined;
    const { alpha, beta } = this.known.surfaces[0];
    const across = kind === "maps" ? yaxis.p2l(y) : 0;
    return [alpha[nearest(alpha, xaxis.p2l(x))], beta[nearest(beta, across)]];
  }

  /** Mark a place everywhere and tell every metric there. */
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

  onSurface(cell, alpha, beta) {
    const scene = cell._fullLayout?.scene?._scene, drawn = cell._fullData?.find((trace) => trace.type === "surface");
    if (!scene || !drawn) return "";
    const row = nearest([...drawn.y], beta), column = nearest([...drawn.x], alpha), height = drawn.z[row]?.[column];
    if (!Number.isFinite(height)) return "";
    const place = [drawn.x[column], drawn.y[row], height].map((value, axis) => value * scene.dataScale[axis]);
    const [x, y] = seen(scene.glplot.cameraParams, place), box = scene.container.getBoundingClientRect();
    return mark("ring", box.left + x * box.width, box.top + y * box.height, box);
  }

  onChart(chart, alpha, beta) {
    const { xaxis, yaxis } = chart._fullLayout, box = chart.getBoundingClientRect();
    if (!xaxis || !yaxis) return "";
    const x = box.left + xaxis._offset + xaxis.l2p(alpha), top = box.top + yaxis._offset;
    if (beta !== undefined) return mark("ring", x, top + yaxis.l2p(beta), box);
    const line = mark("line", x, top, box);
    line && (line.style.height = `${yaxis._length}px`);
    return line;
  }

  tell(alpha, beta, pointer) {
    const { metrics, surfaces } = this.known, table = document.createElement("table"), head = table.insertRow();
    for (const words of [`α ${worded(alpha)}, β ${worded(beta)}`, ...metrics]) head.appendChild(cell("th", words));
    for (const surface of surfaces) {
      const row = table.insertRow(), place = nearest(surface.beta, beta) * surface.alpha.length + nearest(surface.alpha, alpha);
      row.appendChild(cell("th", surface.label)).style.color = surface.colour ?? "inherit";
      for (const found of surface.metrics) row.appendChild(cell("td", found ? worded(found[place]) : "–"));
    }
    this.box.replaceChildren(table);
    this.box.hidden = false;
    const { width, height } = this.box.getBoundingClientRect();
    const right = pointer.clientX + BESIDE + width < window.innerWidth, below = pointer.clientY + BESIDE + height < window.innerHeight;
    this.box.style.left = `${Math.max(4, right ? pointer.clientX + BESIDE : pointer.clientX - BESIDE - width)}px`;
    this.box.style.top = `${Math.max(4, below ? pointer.clientY + BESIDE : pointer.clientY - BESIDE - height)}px`;
  }
}

function cell(kind, words) {
  const made = document.createElement(kind);
  made.textContent = words;
  return made;
}

/** Return a mark at a place of the window, nothing where that is outside of its picture. */
function mark(kind, x, y, box) {
  if (x < box.left || x > box.right || y < box.top || y > box.bottom) return "";
  const made = document.createElement("span");
  made.className = `linked-${kind}`;
  made.style.left = `${x - (kind === "ring" ? RING / 2 : 0)}px`;
  made.style.top = `${y - (kind === "ring" ? RING / 2 : 0)}px`;
  return made;
}
