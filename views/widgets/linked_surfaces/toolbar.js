// The buttons below the surfaces, which a keyboard reaches as well.

/** @type {{ [name: string]: { width: number, shape: string, numbers?: boolean } }} */
const FORMATS = {
  "16:9, 1920 × 1080": { width: 1920, shape: "16:9" },
  "16:9 without table, 1920 × 1080": { width: 1920, shape: "16:9", numbers: false },
  "16:9, 3840 × 2160": { width: 3840, shape: "16:9" },
  "square, 1200 × 1200": { width: 1200, shape: "square" },
  "square, 2400 × 2400": { width: 2400, shape: "square" },
  "with all numbers, 1920 wide": { width: 1920, shape: "" },
  "with all numbers, 3840 wide": { width: 3840, shape: "" },
};
const ICONS = {                    // paths in a square of 24
  "Full screen": "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  "Save picture": "M12 4v11M7.5 10.5 12 15l4.5-4.5M4 19.5h16",
};
const SAVE_TIMEOUT = 30_000;       // milliseconds until a picture that has not arrived can be requested again

class Toolbar {
  /** @param {HTMLElement} root
   * @param {HTMLElement} frame of the surfaces, whose upper right corner has two of the buttons again: on a screen of
   *   720 pixels all others are below its lower edge
   * @param {{ front: () => unknown, top: () => unknown, save: () => unknown, present: () => unknown }} actions */
  constructor(root, frame, { front, top, save, present }) {
    this.element = root.appendChild(createElement("div", "linked-toolbar"));
    /** @type {{ [view: string]: HTMLButtonElement }} */
    this.views = { front: this.button("From the front", front), top: this.button("From above", top) };
    this.button("Present", present).title = "Full screen. Arrow keys select the metric, with Shift they turn the surfaces; Escape ends.";
    copyLinkOnClick(this.button("Copy link", () => {}));
    this.saveButton = this.button("Save PNG", save);
    this.saveButton.classList.add("linked-save");
    const label = this.element.appendChild(createElement("label", "linked-label", "Size"));
    this.formats = label.appendChild(createElement("select", "linked-tool"));
    this.formats.setAttribute("aria-label", "Size of the saved picture");
    for (const name of Object.keys(FORMATS)) this.formats.add(new Option(name));
    this.corner = frame.appendChild(createElement("div", "linked-corner"));
    this.iconButton("Full screen", present);
    this.iconButton("Save picture", save);
    this.show(false);
  }

  /** @param {boolean} shown whether there are surfaces */
  show(shown) {
    this.element.hidden = this.corner.hidden = !shown;
  }

  /** @type {(name: keyof typeof ICONS, action: () => unknown) => void} */
  iconButton(name, action) {
    const button = this.corner.appendChild(createElement("button", "linked-tool linked-icon"));
    button.type = "button";
    button.title = name;
    button.setAttribute("aria-label", name);
    button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
    button.addEventListener("click", action);
  }

  /** @type {(text: string, action: () => unknown) => HTMLButtonElement} */
  button(text, action) {
    const button = createElement("button", "linked-tool", text);
    button.type = "button";
    button.addEventListener("click", action);
    return this.element.appendChild(button);
  }

  /** The selected size of a saved picture: pixels, the shape of the whole, and whether it has the table of numbers. */
  get format() { return FORMATS[this.formats.value] ?? { width: 1920, shape: "16:9" }; }

  /** Show which of the two views the camera has.
   * @param {string} view */
  markView(view) {
    for (const [name, button] of Object.entries(this.views)) button.setAttribute("aria-pressed", String(name === view));
  }

  startSaving() {
    this.saveButton.disabled = true;
    this.saveButton.textContent = "Drawing …";
  }

  /** Enable the button again once Python has had time to return a picture. */
  awaitPicture() {
    setTimeout(() => this.endSaving(), SAVE_TIMEOUT);
  }

  /** @param {string} [error] */
  endSaving(error) {
    this.saveButton.disabled = false;
    this.saveButton.textContent = "Save PNG";
    if (error) this.saveButton.title = `This picture could not be drawn: ${error}`;
  }
}
