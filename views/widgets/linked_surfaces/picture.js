// Surfaces as pictures: for a file that is taken away, and small ones where there are too many to turn.

/** @typedef {{ data: any[], layout: any }} Figure as Python sends it */
/** @typedef {{ width: number, height: number }} Size pixels */

/** Return a figure without what Python writes around it: only the room.
 * @type {(figure: Figure, camera: Camera, size: Size) => Figure} */
export function bare({ data, layout }, camera, { width, height }) {
  return {
    data: data.map((trace) => ({ ...trace, showscale: false })),
    layout: {
      ...layout, width, height, title: { text: "" }, annotations: [], margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: "rgba(0,0,0,0)", scene: layout.scene && { ...layout.scene, camera },
    },
  };
}

/** Draw a figure as a PNG, `scale` pixels for each of the screen's.
 * @type {(Plotly: any, figure: Figure, size: Size, scale: number, config: any) => Promise<string>} */
function pictured(Plotly, figure, size, scale, config) {
  const sharp = { ...config, plotGlPixelRatio: scale };
  return Plotly.toImage({ ...figure, config: sharp }, { format: "png", ...size, scale });
}

/** Draw a scene once more as it stands on the screen, `scale` pixels for each of the screen's, as a PNG.
 *
 * A private call: `Plotly.toImage` makes the whole scene anew, which takes seven times as long.
 * @type {(scene: any, scale: number) => string}
 */
function sharpened(scene, scale) {
  const { glplot } = scene, { canvas, axes, objects } = glplot, { width, height } = canvas;
  const parts = [glplot, axes, ...objects], ratios = parts.map((part) => part.pixelRatio);
  canvas.width = Math.round(scale * canvas.clientWidth);
  canvas.height = Math.round(scale * canvas.clientHeight);
  for (const part of parts) part.pixelRatio = scale;   // widths of lines and letters
  try {
    return scene.toImage("png");
  } finally {
    canvas.width = width;
    canvas.height = height;
    parts.forEach((part, place) => (part.pixelRatio = ratios[place]));
    glplot.redraw();
  }
}

/** Offer a file for keeping.
 * @type {(name: string, base64: string) => void} */
function keep(name, base64) {
  const link = document.createElement("a");
  link.href = `data:image/png;base64,${base64}`;
  link.download = name;
  link.click();
}

/** Let a picture that is dropped anywhere on the page be opened by the page's own uploader.
 * @type {(uploader: string, signal: AbortSignal) => void} */
function acceptDrops(uploader, signal) {
  /** @type {() => HTMLInputElement | null} */
  const field = () => document.querySelector(uploader);
  /** @type {(event: DragEvent) => boolean} */
  const carried = (event) => [...(event.dataTransfer?.items ?? [])].some((item) => item.kind === "file");
  document.addEventListener("dragover", (event) => {
    if (carried(event) && field()) event.preventDefault();   // or the browser opens the file in place of the page
  }, { signal });
  document.addEventListener("drop", (event) => {
    const target = field(), at = event.target instanceof Element ? event.target : undefined;
    if (!carried(event) || !target || !event.dataTransfer || at?.closest("[data-testid=stFileUploader]")) return;
    event.preventDefault();
    target.files = event.dataTransfer.files;
    target.dispatchEvent(new Event("change", { bubbles: true }));
  }, { signal });
}
