// The surfaces alone on the whole screen: title, verdict, larger text, and keys or swipes to the next metric.

const ENLARGED = 1.35, ENLARGED_TICKS = 1.2;   // factors of text; numbers at ticks need space between them
const SWIPE_DISTANCE = 50;         // pixels
const HINTS = { keys: "← → next metric · Esc closes", touch: "Swipe here for the next metric · tap to close" };
/** @type {{ [key: string]: number }} */
const METRIC_KEYS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };

class Presentation {
  /** @param {HTMLElement} frame that fills the screen
   * @param {{ change: () => void, step: (direction: number) => void }} actions */
  constructor(frame, { change, step }) {
    this.frame = frame;
    this.step = step;
    this.heading = frame.appendChild(createElement("div", "linked-heading"));
    this.title = this.heading.appendChild(createElement("div", "linked-presented-title"));
    this.verdict = this.heading.appendChild(createElement("div", "linked-presented-verdict"));
    this.hint = frame.appendChild(createElement("div", "linked-hint", HINTS.keys));
    this.close = frame.appendChild(createElement("button", "linked-tool linked-close", "Close"));
    this.close.type = "button";
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.close.addEventListener("click", () => document.exitFullscreen(), { signal });
    document.addEventListener("fullscreenchange", change, { signal });
    frame.addEventListener("keydown", (event) => this.stepByKey(event), { signal, capture: true });
    for (const element of [this.heading, this.hint]) this.stepBySwipe(element, signal);
  }

  get active() { return document.fullscreenElement === this.frame; }

  /** @param {{ title: string, verdict: [string, boolean][] }} texts the verdict in runs, some of them subscripts */
  setTexts({ title, verdict }) {
    this.title.textContent = title;
    this.verdict.replaceChildren(...verdict.map(([text, lowered]) => lowered ? createElement("sub", "", text) : text));
  }

  async open() {
    this.hint.textContent = matchMedia("(pointer: coarse)").matches ? HINTS.touch : HINTS.keys;
    await this.frame.requestFullscreen();
  }

  /** Go to the next or the previous metric; with Shift, arrow keys turn the surfaces as on the page.
   * @param {KeyboardEvent} event */
  stepByKey(event) {
    const direction = METRIC_KEYS[event.key];
    if (!this.active || !direction || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.step(direction);
  }

  /** Texts are swiped, since a finger on a surface turns it.
   * @param {HTMLElement} element
   * @param {AbortSignal} signal */
  stepBySwipe(element, signal) {
    let start = 0;
    element.addEventListener("pointerdown", (event) => { start = event.clientX; element.setPointerCapture(event.pointerId); }, { signal });
    element.addEventListener("pointerup", (event) => {
      const distance = event.clientX - start;
      if (Math.abs(distance) >= SWIPE_DISTANCE) this.step(distance < 0 ? 1 : -1);
      else if (element === this.hint && event.pointerType === "touch") document.exitFullscreen();
    }, { signal });
  }

  stop() { this.listeners.abort(); }
}

/** Make the text of a figure larger, as a screen that is seen from afar needs it.
 * @type {(layout: any) => void} */
function enlargeText(layout) {
  const { title, scene = {}, annotations = [], margin } = layout;
  const axes = AXES.map((axis) => scene[axis]).filter(Boolean);
  const labels = [...(scene.annotations ?? []), ...annotations];
  for (const font of [title?.font, ...axes.map((axis) => axis.title?.font), ...labels.map(({ font }) => font)]) {
    if (font?.size) font.size *= ENLARGED;
  }
  for (const { tickfont } of axes) if (tickfont?.size) tickfont.size *= ENLARGED_TICKS;
  for (const label of labels) if (label.ay) label.ay *= ENLARGED;
  if (margin?.t) margin.t *= ENLARGED;
}
