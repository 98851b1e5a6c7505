// Loading of plotly.js, and creation of elements.

/** @type {Promise<any> | undefined} */
let plotlyPromise;                 // one plotly.js for all pages, loaded once

/** @type {(bundle: string) => Promise<any>} */
function loadPlotly(bundle) {
  const loaded = /** @type {any} */ (window).moduleName;   // by another component
  if (loaded) return Promise.resolve(loaded);
  plotlyPromise ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(bundle, document.baseURI).href;
    script.onload = () => resolve(/** @type {any} */ (window).moduleName);   // the bundle's global name outside of modules
    script.onerror = () => { plotlyPromise = undefined; reject(new Error(`${script.src} could not be loaded`)); };
    document.head.appendChild(script);
  });
  return plotlyPromise;
}

/**
 * @template {keyof HTMLElementTagNameMap} Kind
 * @param {Kind} kind
 * @param {string} className
 * @returns {HTMLElementTagNameMap[Kind]}
 */
function createElement(kind, className, text = "") {
  const element = document.createElement(kind);
  element.className = className;
  element.textContent = text;
  return element;
}
