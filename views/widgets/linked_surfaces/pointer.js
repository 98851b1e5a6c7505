// The point under the pointer, on surfaces, maps and cuts.

const CLICK_DISTANCE = 4;          // pixels that the pointer may move during a click

class PointerTracker {
  /** @param {HTMLElement} grid
   * @param {PointMarkers} markers
   * @param {{ surfaces: () => Chart[] | undefined, select: (point: SlicePoint) => void }} page
   *   the surfaces to mark, undefined while one is dragged; and what to do with the point that is clicked */
  constructor(grid, markers, page) {
    this.grid = grid;
    this.markers = markers;
    this.page = page;
    /** @type {SlicePoint | undefined} */
    this.hovered = undefined;
    this.overChart = false;        // the pointer is over a map or a cut
    this.overGrid = false;         // over a surface; plotly.js reports late, or never, that it has left
    this.listeners = new AbortController();
    this.listen();
  }

  /** Listen to the pointer. A click is a press that hardly moves, since plotly.js reports the beginning of every drag
   * as a click. */
  listen() {
    const { signal } = this.listeners;
    /** @type {{ x: number, y: number, point: SlicePoint | undefined } | undefined} */
    let press;
    document.addEventListener("pointermove", (event) => this.move(event), { signal, passive: true });
    document.addEventListener("scroll", () => this.unhover(), { signal, passive: true, capture: true });
    document.addEventListener("pointerdown", (event) => {
      this.overGrid = this.inGrid(event);
      const point = this.inGrid(event) ? this.hovered : this.markers.pointUnder(event);
      press = { x: event.clientX, y: event.clientY, point };
    }, { signal, capture: true });
    window.addEventListener("pointerup", (event) => {
      const distance = press ? Math.hypot(event.clientX - press.x, event.clientY - press.y) : CLICK_DISTANCE;
      if (press?.point && distance < CLICK_DISTANCE) this.page.select(press.point);
      press = undefined;
    }, { signal });
  }

  /** @param {PointerEvent} event */
  inGrid(event) { return event.target instanceof Node && this.grid.contains(event.target); }

  /** Mark the point under the pointer on a map or a cut; plotly.js reports those on surfaces.
   * @param {PointerEvent} event */
  move(event) {
    const left = this.overGrid && !this.inGrid(event);
    this.overGrid = this.inGrid(event);
    const surfaces = this.page.surfaces();
    const point = !surfaces || this.inGrid(event) ? undefined : this.markers.pointUnder(event);
    if (surfaces && point) this.markers.show(this.hovered = point, surfaces, rowUnder(event));
    else if (this.overChart || left) this.unhover();
    this.overChart = Boolean(point);
  }

  /** @param {{ x: number, y: number }} point */
  hoverSurface({ x, y }) {
    if (!this.overGrid) return;
    this.hovered = Number.isFinite(x + y) ? [x, y] : undefined;
    const surfaces = this.page.surfaces();
    if (this.hovered && surfaces) this.markers.show(this.hovered, surfaces, this.place);
  }

  /** The place of the surfaces and of the buttons below them. */
  get place() {
    const { left, top, width, bottom } = this.grid.getBoundingClientRect();
    const buttons = this.grid.closest(".linked-row")?.querySelector(".linked-toolbar")?.getBoundingClientRect();
    return new DOMRect(left, top, width, Math.max(bottom, buttons?.bottom ?? 0) - top);
  }

  /** Forget the point, unless the pointer has reached a map already: plotly.js reports late that it left a surface. */
  leaveSurface() {
    if (!this.overChart) this.unhover();
  }

  unhover() {
    this.hovered = undefined;
    this.markers.hide();
  }

  stop() { this.listeners.abort(); }
}

/** Return the place of the row of charts under the pointer.
 * @type {(event: PointerEvent) => DOMRect} */
function rowUnder({ target }) {
  const chart = /** @type {Element} */ (target).closest(".js-plotly-plot");
  return (chart?.closest("[class*='st-key-charts-']") ?? chart ?? document.body).getBoundingClientRect();
}
