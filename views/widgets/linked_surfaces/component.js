// The entry point that Streamlit calls with the data from Python at every run of the page.

const NO_WEBGL = "This browser has no WebGL, which 3-D surfaces need. The tab Maps and cuts shows the same data as contour maps.";

/** @type {boolean | undefined} */
let webglAvailable;                // cached, since every check takes a WebGL context
function hasWebgl() {
  if (webglAvailable === undefined) {
    const context = document.createElement("canvas").getContext("webgl");
    webglAvailable = Boolean(context);
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return webglAvailable;
}

/** @type {WeakMap<Element, SurfaceGrid | Thumbnails>} */
const views = new WeakMap();
/** @type {AbortController | undefined} */
let drops;

/** @typedef {(name: string, value: any) => void} SendValue */

/** @param {{ data: any, parentElement: Element, setStateValue: SendValue, setTriggerValue: SendValue }} component */
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!drops) acceptDrops(data.uploader, (drops = new AbortController()).signal);
  if (!hasWebgl()) {
    const message = createElement("p", "linked-no-webgl");   // Python need not know: the maps need no WebGL
    message.textContent = NO_WEBGL;
    parentElement.replaceChildren(message);
    return undefined;
  }
  let view = views.get(parentElement);
  if (!view || view.removed) views.set(parentElement, (view = new (data.thumbnails ? Thumbnails : SurfaceGrid)(parentElement)));
  view.update(data, setStateValue, setTriggerValue);
  return () => view.remove();
}
