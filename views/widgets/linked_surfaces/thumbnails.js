// More surfaces than a browser draws at once: small images, rendered one after the other in one WebGL context.

const THUMBNAIL = { width: 260, height: 220 };

class Thumbnails {
  /** @param {Element} parent */
  constructor(parent) {
    this.root = createElement("div", "linked-thumbnails");
    parent.appendChild(this.root);
    /** @type {any} */
    this.latest = undefined;
    this.removed = false;
    /** @type {Map<string, string>} */
    this.cache = new Map();        // images by figure and camera: most stay the same when the page reruns
    this.pending = Promise.resolve();
  }

  /** @param {any} data */
  update(data) {
    this.latest = data;
    this.pending = this.pending.then(async () => {
      if (this.latest !== data || this.removed) return;
      const Plotly = await loadPlotly(data.bundle);
      const thumbnails = data.figures.map((/** @type {any} */ panel) => this.thumbnail(panel));
      this.root.replaceChildren(...thumbnails.map((/** @type {any} */ { element }) => element));
      for (const { element, figure, summary } of thumbnails) {
        if (this.latest !== data || this.removed) return;
        const image = element.querySelector("img");
        image.src = await this.source(Plotly, figure, data);
        image.alt = summary;
      }
    }).catch((error) => { this.root.textContent = `The surfaces cannot be drawn: ${error.message}`; });
    return this.pending;
  }

  /** @param {{ figure: string, summary: string, label: string, color: string | null }} panel */
  thumbnail({ figure, summary, label, color }) {
    const element = createElement("figure", "linked-thumbnail"), image = element.appendChild(document.createElement("img"));
    image.width = THUMBNAIL.width;
    image.height = THUMBNAIL.height;
    element.appendChild(createElement("figcaption", "", label)).style.color = color ?? "inherit";
    return { element, figure, summary };
  }

  /** @param {any} Plotly
   * @param {string} figure
   * @param {{ camera: number[], config: any }} data
   * @returns {Promise<string>} */
  async source(Plotly, figure, { camera, config }) {
    const key = `${figure} ${camera}`;
    if (!this.cache.has(key)) {
      const scene = sceneOnly(JSON.parse(figure), toCamera(camera), THUMBNAIL);
      this.cache.set(key, await renderFigure(Plotly, scene, THUMBNAIL, Math.min(2, window.devicePixelRatio), config));
    }
    return this.cache.get(key) ?? "";
  }

  remove() {
    this.removed = true;
    this.root.remove();
  }
}
