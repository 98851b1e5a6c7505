// The names of the networks on a narrow screen, which shows one surface at a time: a tap goes to its surface.

class SurfaceTabs {
  /** @param {HTMLElement} frame
   * @param {HTMLElement} grid that scrolls sideways on a narrow screen */
  constructor(frame, grid) {
    this.grid = grid;
    this.element = createElement("div", "linked-tabs");
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Surface on the screen");
    frame.insertBefore(this.element, grid);
    this.listeners = new AbortController();
    grid.addEventListener("scroll", () => this.mark(), { signal: this.listeners.signal, passive: true });
  }

  /** @param {{ label: string, color: string | null }[]} figures */
  setNames(figures) {
    this.element.hidden = figures.length < 2;
    if (this.names === JSON.stringify(figures.map(({ label, color }) => [label, color]))) return;
    this.names = JSON.stringify(figures.map(({ label, color }) => [label, color]));
    this.element.replaceChildren(...figures.map(({ label, color }, index) => {
      const tab = createElement("button", "linked-tool linked-tab", label);
      tab.type = "button";
      tab.style.setProperty("--linked-tab", color ?? "currentColor");
      tab.addEventListener("click", () => this.show(index));
      return tab;
    }));
    this.mark();
  }

  /** @param {number} index */
  show(index) {
    this.grid.scrollTo({ left: index * this.grid.clientWidth, behavior: "smooth" });
  }

  mark() {
    const current = Math.round(this.grid.scrollLeft / Math.max(1, this.grid.clientWidth));
    [...this.element.children].forEach((tab, index) => tab.setAttribute("aria-pressed", String(index === current)));
  }

  stop() { this.listeners.abort(); }
}
