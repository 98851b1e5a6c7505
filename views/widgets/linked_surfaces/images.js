// PNG images of surfaces: rendering, saving, and opening by drag and drop.

const FAINT = 0.6;                 // opacity of the label of a point that the surface hides (linked_surfaces.css)

/** @typedef {{ data: any[], layout: any }} Figure from Python */
/** @typedef {{ width: number, height: number }} Size pixels */

/** Return a figure with its scene only, without title, annotations, margins and color bar.
 * @type {(figure: Figure, camera: Camera, size: Size) => Figure} */
export function sceneOnly({ data, layout }, camera, { width, height }) {
  return {
    data: data.map((trace) => ({ ...trace, showscale: false })),
    layout: {
      ...layout, width, height, title: { text: "" }, annotations: [], margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: "rgba(0,0,0,0)", scene: layout.scene && { ...layout.scene, camera, annotations: [] },
    },
  };
}

/** Render a figure as a PNG with `scale` pixels per CSS pixel.
 * @type {(Plotly: any, figure: Figure, size: Size, scale: number, config: any) => Promise<string>} */
function renderFigure(Plotly, figure, size, scale, config) {
  const scaled = { ...config, plotGlPixelRatio: scale };
  return Plotly.toImage({ ...figure, config: scaled }, { format: "png", ...size, scale });
}

/** Render a scene as it is on the screen as a PNG with `scale` pixels per CSS pixel.
 *
 * A private call: `Plotly.toImage` rebuilds the whole scene, which takes seven times as long.
 * @type {(scene: any, scale: number) => string}
 */
function renderScene(scene, scale) {
  const { glplot } = scene, { canvas, axes, objects } = glplot, { width, height } = canvas;
  const elements = [glplot, axes, ...objects], ratios = elements.map((element) => element.pixelRatio);
  canvas.width = Math.round(scale * canvas.clientWidth);
  canvas.height = Math.round(scale * canvas.clientHeight);
  for (const element of elements) element.pixelRatio = scale;   // scales line widths and letters
  try {
    return scene.toImage("png");
  } finally {
    canvas.width = width;
    canvas.height = height;
    elements.forEach((element, index) => (element.pixelRatio = ratios[index]));
    glplot.redraw();
  }
}

/** Return a rendered scene with its annotations, which plotly.js draws outside of the scene's canvas.
 * @type {(png: string, scene: any, scale: number, behind: boolean) => Promise<string>} `behind`: whether the surface is
 *   in front of its center, whose label is faint then */
async function withAnnotations(png, scene, scale, behind) {
  const annotations = scene.fullSceneLayout.annotations ?? [];
  if (!annotations.length) return png;
  const image = new Image(), canvas = document.createElement("canvas");
  image.src = png;
  await image.decode();
  canvas.width = image.width;
  canvas.height = image.height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(image, 0, 0);
  for (const [index, annotation] of annotations.entries()) {
    context.globalAlpha = behind && !index ? FAINT : 1;
    drawAnnotation(context, annotation, scene, scale);
  }
  return canvas.toDataURL("image/png");
}

/** Draw the dot, the line and the label of an annotation.
 * @type {(context: CanvasRenderingContext2D, annotation: any, scene: any, scale: number) => void} */
function drawAnnotation(context, { x, y, z, ax, ay, text, font, bgcolor, arrowcolor, arrowwidth }, scene, scale) {
  const position = [x, y, z].map((value, axis) => value * scene.dataScale[axis]);
  const [across, down] = project(scene.glplot.cameraParams, position);
  const left = across * context.canvas.width, top = down * context.canvas.height;
  const labelX = left + scale * ax, labelY = top + scale * ay;
  context.strokeStyle = context.fillStyle = arrowcolor;
  context.lineWidth = scale * arrowwidth;
  context.beginPath();
  context.moveTo(left, top);
  context.lineTo(labelX, labelY);
  context.stroke();
  context.beginPath();
  context.arc(left, top, 3 * scale, 0, 2 * Math.PI);
  context.fill();
  context.font = `${scale * font.size}px ${font.family}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const width = context.measureText(text).width + 8 * scale, height = 1.5 * scale * font.size;
  context.fillStyle = bgcolor;
  context.fillRect(labelX - width / 2, labelY - height / 2, width, height);
  context.fillStyle = font.color;
  context.fillText(text, labelX, labelY);
}

/** Download a PNG.
 * @type {(name: string, base64: string) => void} */
function download(name, base64) {
  const link = document.createElement("a");
  link.href = `data:image/png;base64,${base64}`;
  link.download = name;
  link.click();
}

/** Pass a file that is dropped anywhere on the page to the page's own uploader.
 * @type {(uploader: string, signal: AbortSignal) => void} */
function acceptDrops(uploader, signal) {
  /** @type {() => HTMLInputElement | null} */
  const input = () => document.querySelector(uploader);
  /** @type {(event: DragEvent) => boolean} */
  const hasFile = (event) => [...(event.dataTransfer?.items ?? [])].some((item) => item.kind === "file");
  document.addEventListener("change", (event) => {
    if (event.target instanceof Element && event.target.matches(uploader)) {
      document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 });   // the experiment that opens is up there
    }
  }, { signal });
  document.addEventListener("dragover", (event) => {
    if (hasFile(event) && input()) event.preventDefault();   // or the browser opens the file in place of the page
  }, { signal });
  document.addEventListener("drop", (event) => {
    const target = input(), element = event.target instanceof Element ? event.target : undefined;
    if (!hasFile(event) || !target || !event.dataTransfer || element?.closest("[data-testid=stFileUploader]")) return;
    event.preventDefault();
    target.files = event.dataTransfer.files;
    target.dispatchEvent(new Event("change", { bubbles: true }));
  }, { signal });
}
