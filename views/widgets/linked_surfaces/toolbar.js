// The buttons below the surfaces, which a keyboard reaches as well.

const WIDTHS = { "for a page": 1200, "for a slide": 1920, "for print": 3840 };
const SAVE_TIMEOUT = 30_000;       // milliseconds until a picture that has not arrived can be requested again

class Toolbar {
  /** @param {HTMLElement} root
   * @param {{ front: () => unknown, top: () => unknown, save: () => unknown }} actions */
  constructor(root, { front, top, save }) {
    this.element = root.appendChild(createElement("div", "linked-toolbar"));
    this.button("From the front", front);
    this.button("From above", top);
    this.saveButton = this.button("Save picture", save);
    this.widths = this.element.appendChild(createElement("select", "linked-tool"));
    this.widths.setAttribute("aria-label", "Width of the saved picture");
    for (const [purpose, width] of Object.entries(WIDTHS)) {
      this.widths.add(new Option(`${purpose}, ${width} pixels`, String(width), false, width === WIDTHS["for a slide"]));
    }
    this.element.hidden = true;
  }

  /** @type {(text: string, action: () => unknown) => HTMLButtonElement} */
  button(text, action) {
    const button = createElement("button", "linked-tool", text);
    button.type = "button";
    button.addEventListener("click", action);
    return this.element.appendChild(button);
  }

  /** The selected width of a saved picture, pixels. */
  get width() { return Number(this.widths.value); }

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
    this.saveButton.textContent = "Save picture";
    if (error) this.saveButton.title = `This picture could not be drawn: ${error}`;
  }
}
