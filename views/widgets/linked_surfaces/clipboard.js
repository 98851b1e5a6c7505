// Copying the address of the page, also for pages without surfaces (views/share/copy_link.js).

const SAID_FOR = 2000;             // milliseconds that a button says what it has done
const NOTE_FOR = 5000;             // milliseconds for a note of several words
const OWN_COMPUTER = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/;

/** Label a button, and make it copy the address of the page.
 * @param {HTMLButtonElement} button */
function copyLinkOnClick(button) {
  button.textContent = "Copy link";
  button.title = "The address holds the whole experiment, the metric and the camera.";
  button.addEventListener("click", async () => {
    await copyText(location.href);
    button.textContent = "Link copied";
    const own = OWN_COMPUTER.test(location.hostname);
    if (own) noteBelow(button, "Opens on this computer only.");
    setTimeout(() => (button.textContent = "Copy link"), own ? NOTE_FOR : SAID_FOR);
  });
}

/** Show a note below a button until its text changes; nothing else on the page moves.
 * @type {(button: HTMLElement, text: string) => void} */
function noteBelow(button, text) {
  const { left, right } = button.getBoundingClientRect(), side = left + right > innerWidth ? "right" : "left";
  const note = button.appendChild(document.createElement("span"));
  note.textContent = text;
  note.setAttribute("role", "status");
  button.style.position = "relative";
  note.style.cssText = `position: absolute; z-index: 100; top: calc(100% + 0.25rem); ${side}: 0; white-space: nowrap;
    padding: 0.25rem 0.5rem; font-size: 0.8125rem; color: var(--st-text-color); background: var(--st-background-color);
    border: 1px solid var(--st-border-color); border-radius: 0.5rem; pointer-events: none;`;
}

/** Put a text on the clipboard, also where the page was not opened by https and browsers admit the old way only.
 * @type {(text: string) => Promise<void>} */
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.body.appendChild(document.createElement("textarea"));
  area.value = text;
  area.select();
  document.execCommand("copy");
  area.remove();
}
