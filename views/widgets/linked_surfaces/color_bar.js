// The color bar that all surfaces share: beside them, or below them on a narrow screen.

/** @typedef {{ title: string, colors: string[], ticks: [number, string][] }} ColorScale */

class ColorBar {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.element = root.appendChild(createElement("div", "linked-color-bar"));
    this.element.setAttribute("aria-hidden", "true");    // the text alternative of each surface has its values
    this.element.hidden = true;
  }

  /** @param {ColorScale | null} scale */
  draw(scale) {
    this.element.hidden = !scale;
    if (!scale) return;
    const bar = createElement("div", "linked-color-gradient");
    bar.style.setProperty("--linked-colors", scale.colors.join(", "));
    for (const [share, text] of scale.ticks) {
      bar.appendChild(createElement("span", "linked-color-tick", text)).style.setProperty("--linked-share", `${100 * share}%`);
    }
    this.element.replaceChildren(createElement("div", "linked-color-title", scale.title), bar);
  }
}
