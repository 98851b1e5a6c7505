// The names of the networks on a narrow screen, which shows all surfaces small, or one of them: a tap selects it.

class SurfaceTabs {
  /** @param {HTMLElement} frame
   * @param {HTMLElement} grid that scrolls sideways on a narrow screen */
  constructor(frame, grid) {
    this.frame = frame;
    this.grid = grid;
    this.element = createElement("div", "linked-tabs");
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Surfaces on the screen");
    frame.insertBefore(this.element, grid);
    this.listeners = new AbortController();
    grid.addEventListener("scroll", () => this.mark(), { signal: this.listeners.signal, passive: true });
  }

  /** Whether all surfaces are on the screen side by side. */
  get together() { return this.frame.classList.contains("linked-together"); }

  /** @param {{ label: string, color: string | null }[]} figures */
  setNames(figures) {
    this.element.hidden = figures.length < 2;
    if (this.names === JSON.stringify(figures.map(({ label, color }) => [label, color]))) return;
    const first = this.names === undefined;
    this.names = JSON.stringify(figures.map(({ label, color }) => [label, color]));
    const all = this.tab(figures.length === 2 ? "Both" : "All", null, () => this.showAll());
    this.element.replaceChildren(all, ...figures.map(({ label, color }, index) => this.tab(label, color, () => this.show(index))));
    if (first || this.element.hidden) this.frame.classList.toggle("linked-together", !this.element.hidden);
    this.mark();
  }

  /** @type {(name: string, color: string | null, select: () => void) => HTMLButtonElement} */
  tab(name, color, select) {
    const tab = createElement("button", "linked-tool linked-tab", name);
    tab.type = "button";
    tab.style.setProperty("--linked-tab", color ?? "currentColor");
    tab.addEventListener("click", select);
    return tab;
  }

  showAll() {
    this.frame.classList.add("linked-together");
    this.grid.scrollTo({ left: 0 });
    this.mark();
  }

  /** @param {number} index */
  show(index) {
    const behavior = this.together ? "instant" : "smooth";
    this.frame.classList.remove("linked-together");
    this.grid.scrollTo({ left: index * this.grid.clientWidth, behavior });
    this.mark();
  }

  mark() {
    const current = this.together ? 0 : 1 + Math.round(this.grid.scrollLeft / Math.max(1, this.grid.clientWidth));
    [...this.element.children].forEach((tab, index) => tab.setAttribute("aria-pressed", String(index === current)));
  }

  stop() { this.listeners.abort(); }
}
