// A button that copies the address of the page.

/** @param {{ parentElement: Element }} component */
export default function ({ parentElement }) {
  if (parentElement.querySelector("button")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy-link";
  copyLinkOnClick(button);
  parentElement.appendChild(button);
}
