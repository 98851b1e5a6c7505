// Opens the tab of Variation across seeds when a link to it is followed, and scrolls there.

(() => {
  if (window.normscapeSeedsLink) return;
  window.normscapeSeedsLink = true;
  const [anchor, tab] = VALUES;
  const scroll = (until) => {
    const heading = document.getElementById(anchor);
    if (heading) heading.scrollIntoView({ block: "start" });
    else if (Date.now() < until) setTimeout(scroll, 200, until);
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(`a[href$="#${anchor}"]`)) return;
    [...document.querySelectorAll("[role=tab]")].find((one) => one.textContent.trim() === tab)?.click();
    scroll(Date.now() + 15000);
  });
})();
