// Opens the tab of Variation across seeds when a link to it is followed, and scrolls there.

(() => {
  if (window.normscapeSeedsLink) return;
  window.normscapeSeedsLink = true;
  const [anchor, tab] = VALUES;
  let moved = false;
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    window.addEventListener(kind, () => { moved = true; });
  }
  const scroll = (until) => {
    if (moved || Date.now() > until) return;
    document.getElementById(anchor)?.scrollIntoView({ block: "start" });   // the tab grows meanwhile
    setTimeout(scroll, 300, until);
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(`a[href$="#${anchor}"]`)) return;
    [...document.querySelectorAll("[role=tab]")].find((one) => one.textContent.trim() === tab)?.click();
    moved = false;
    scroll(Date.now() + 6000);
  });
})();
