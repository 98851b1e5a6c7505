// More surfaces than a browser draws at once: small pictures, drawn one after the other in one WebGL context.

const SMALL = { width: 260, height: 220 };

class Stills {
  /** @param {Element} parent */
  constructor(parent) {
    this.root = made("div", "linked-stills");
    parent.appendChild(this.root);
    /** @type {any} */
    this.next = undefined;
    this.gone = false;
    /** @type {Map<string, string>} */
    this.drawn = new Map();        // pictures by what they show: most are the same when a page is made anew
    this.work = Promise.resolve();
  }

  /** @param {any} data */
  show(data) {
    this.next = data;
    this.work = this.work.then(async () => {
      if (this.next !== data || this.gone) return;
      const Plotly = await plotly(data.bundle);
      const figures = data.figures.map((/** @type {any} */ one) => this.still(one));
      this.root.replaceChildren(...figures.map((/** @type {any} */ { element }) => element));
      for (const { element, figure, summary } of figures) {
        if (this.next !== data || this.gone) return;
        const image = element.querySelector("img");
        image.src = await this.source(Plotly, figure, data);
        image.alt = summary;
      }
    }).catch((error) => { this.root.textContent = `The surfaces cannot be drawn: ${error.message}`; });
    return this.work;
  }

  /** @param {{ figure: string, summary: string, label: string, colour: string | null }} one */
  still({ figure, summary, label, colour }) {
    const element = made("figure", "linked-still"), image = element.appendChild(document.createElement("img"));
    image.width = SMALL.width;
    image.height = SMALL.height;
    element.appendChild(made("figcaption", "", label)).style.color = colour ?? "inherit";
    return { element, figure, summary };
  }

  /** @param {any} Plotly
   * @param {string} figure
   * @param {{ camera: number[], config: any }} data
   * @returns {Promise<string>} */
  async source(Plotly, figure, { camera, config }) {
    const name = `${figure} ${camera}`;
    if (!this.drawn.has(name)) {
      const room = bare(JSON.parse(figure), unpacked(camera), SMALL);
      this.drawn.set(name, await pictured(Plotly, room, SMALL, Math.min(2, window.devicePixelRatio), config));
    }
    return this.drawn.get(name) ?? "";
  }

  end() {
    this.gone = true;
    this.root.remove();
  }
}
