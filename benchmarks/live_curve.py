"""From a changed experiment to its live training curve: python -m benchmarks.live_curve [--rounds 3] (needs Chromium).

Opens the first comparison with another training seed, so that nothing of it is cached, chooses another network, and
prints after how many seconds the old surfaces are gone and the first point of a training curve is drawn, with the load
average before each round. On an idle machine the curve has 5 s.
"""

from __future__ import annotations

import argparse
import os

from playwright.sync_api import Page

from benchmarks.serving import visited

PORT = 18527
NETWORK = "Convolutional network"
FIRST_SEED = 7000
SURFACES = ".linked-surface .gl-container canvas"
WATCH = """() => {
  window.seen = {};
  const note = (name) => { window.seen[name] ??= performance.now(); };
  const drawn = (path) => path.getAttribute("d") && path.closest(".linked-surface");
  const look = () => {
    const canvases = document.querySelectorAll(".linked-surface .gl-container canvas").length;
    if (canvases < 2) note("gone");
    if ([...document.querySelectorAll(".scatterlayer path")].some(drawn)) note("curve");
    if (window.seen.gone && canvases >= 2) note("surfaces");
  };
  document.addEventListener("click", () => note("click"), { capture: true, once: true });
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true });
}"""
TIMEOUT = 60_000


def main() -> None:
    """Serve the app with an empty store, and print the times of all rounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds: int = parser.parse_args().rounds
    with visited(PORT) as (browser, address):
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(TIMEOUT)
        for number in range(rounds):
            load = os.getloadavg()[0]
            print(f"load {load:.1f}: {_round(page, f'{address}/?training.seed={FIRST_SEED + number}')}", flush=True)


def _round(page: Page, address: str) -> str:
    """Return after how many seconds the old surfaces are gone, and the first point of a curve is drawn."""
    page.goto(address)
    page.wait_for_function(f"document.querySelectorAll('{SURFACES}').length >= 2")
    page.wait_for_selector("[data-testid=stProgress]", state="detached")
    page.get_by_role("combobox", name="Network").click()
    option = page.get_by_role("option", name=NETWORK)
    option.wait_for()
    page.evaluate(WATCH)
    option.click()
    page.wait_for_function("window.seen.curve || window.seen.surfaces")
    seen: dict[str, float] = page.evaluate("window.seen")
    if "curve" not in seen:
        return "training ended before its curve was drawn"
    gone, curve = ((seen[name] - seen["click"]) / 1000 for name in ("gone", "curve"))
    return f"old surfaces gone {gone:.1f} s, first point {curve:.1f} s"


if __name__ == "__main__":
    main()
