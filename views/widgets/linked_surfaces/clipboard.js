// Copying the address of the page, also for pages without surfaces (views/share/copy_link.js).

const SAID_FOR = 2000;             // milliseconds that a button says what it has done

/** Label a button, and make it copy the address of the page.
 * @param {HTMLButtonElement} button */
function copyLinkOnClick(button) {
  button.textContent = "Copy link";
  button.title = "The address holds the whole experiment, the metric and the camera.";
  button.addEventListener("click", async () => {
    await copyText(location.href);
    button.textContent = "Link copied";
    setTimeout(() => (button.textContent = "Copy link"), SAID_FOR);
  });
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
