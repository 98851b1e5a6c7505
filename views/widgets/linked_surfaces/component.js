// What Streamlit calls: with data from Python at every run, and with what takes words back.

const NO_WEBGL = "This browser has no WebGL, which drawing in three dimensions needs: the maps below show the same.";

/** @type {boolean | undefined} */
let drawable;                      // asking costs a WebGL context, so it is asked once
function webgl() {
  if (drawable === undefined) {
    const context = document.createElement("canvas").getContext("webgl");
    drawable = Boolean(context);
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return drawable;
}

/** @type {WeakMap<Element, Row | Stills>} */
const rows = new WeakMap();
/** @type {AbortController | undefined} */
let dropping;

/** @typedef {(name: string, value: any) => void} Tell */

/** @param {{ data: any, parentElement: Element, setStateValue: Tell, setTriggerValue: Tell }} given */
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!dropping) acceptDrops(data.uploader, (dropping = new AbortController()).signal);
  if (!webgl()) {
    parentElement.textContent = NO_WEBGL;   // not told to Python: the maps are on the page already
    return undefined;
  }
  let row = rows.get(parentElement);
  if (!row || row.gone) rows.set(parentElement, (row = new (data.still ? Stills : Row)(parentElement)));
  row.show(data, setStateValue, setTriggerValue);
  return () => row.end();
}
