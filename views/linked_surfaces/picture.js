// Surfaces as pictures: for a file that is taken away, and small ones where there are too many to turn.

/** Return a figure without what Python writes around it: only the room. */
export function bare({ data, layout }, camera, { width, height }) {
  return {
    data: data.map((trace) => ({ ...trace, showscale: false })),
    layout: {
      ...layout, width, height, title: { text: "" }, annotations: [], margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: "rgba(0,0,0,0)", scene: layout.scene && { ...layout.scene, camera },
    },
  };
}

/** Draw a figure as a PNG, `scale` pixels for each of the screen's. */
function pictured(Plotly, figure, size, scale, config) {
  const sharp = { ...config, plotGlPixelRatio: scale };
  return Plotly.toImage({ ...figure, config: sharp }, { format: "png", ...size, scale });
}

/** Draw a scene once more as it stands on the screen, `scale` pixels for each of the screen's, as a PNG.
 *
 * A private call: `Plotly.toImage` makes the whole scene anew, which takes seven times as long.
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

/** Offer a file for keeping. */
function keep(name, base64) {
  const link = document.createElement("a");
  link.href = `data:image/png;base64,${base64}`;
  link.download = name;
  link.click();
}

/** Let a picture that is dropped anywhere on the page be opened by the page's own uploader. */
function acceptDrops(uploader, signal) {
  const field = () => document.querySelector(uploader);
  const carried = (event) => [...(event.dataTransfer?.items ?? [])].some((item) => item.kind === "file");
  document.addEventListener("dragover", (event) => {
    if (carried(event) && field()) event.preventDefault();   // or the browser opens the file in place of the page
  }, { signal });
  document.addEventListener("drop", (event) => {
    const target = field();
    if (!carried(event) || !target || event.target.closest?.("[data-testid=stFileUploader]")) return;
    event.preventDefault();
    target.files = event.dataTransfer.files;
    target.dispatchEvent(new Event("change", { bubbles: true }));
  }, { signal });
}
