// Opens the theme of the term that the address names, and scrolls there: a folded term has no place on the page.

(() => {
  if (window.normscapeUnfolds) return;
  window.normscapeUnfolds = true;
  let moved = false;
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    window.addEventListener(kind, () => { moved = true; });
  }
  const unfold = (until) => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { if (location.hash && Date.now() < until) setTimeout(unfold, 200, until); return; }
    const theme = target.closest("details");
    if (theme && !theme.open) theme.querySelector("summary").click();
    const scroll = (times) => {      // the page above the term and the term's theme grow meanwhile
      if (moved || !times) return;
      document.getElementById(target.id)?.scrollIntoView({ block: "start" });
      setTimeout(scroll, 300, times - 1);
    };
    scroll(theme ? 6 : 1);
  };
  window.addEventListener("hashchange", () => { moved = false; unfold(Date.now() + 5000); });
  unfold(Date.now() + 15000);
})();
