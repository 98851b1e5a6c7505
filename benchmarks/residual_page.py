"""When the page *Surfaces* draws a residual network's results: python -m benchmarks.residual_page (7 minutes).

The experiment of `benchmarks.residual` in Chromium, with an empty store and warm workers; needs Fashion-MNIST. Prints
what the page draws anew (the number of curves; surfaces by the sum of their values; what is being measured), in seconds
since the address was opened, and when nothing more is computed. On two cores the browser's drawing takes part of what
the workers would have.
"""

from __future__ import annotations

import re
import time
from urllib.parse import urlencode

from benchmarks.residual import RUN, SURFACE
from benchmarks.serving import visited
from normscape.specs import Display, Experiment
from normscape.views.session import address as addresses

PORT = 18531
LIMIT = 1800
DRAWN = """() => {
  const charts = [...document.querySelectorAll(".linked-surface .js-plotly-plot, .linked-surface.js-plotly-plot")];
  const sum = (rows) => Math.round(1e4 * [...rows].flatMap((row) => [...row]).reduce((a, b) => a + b));
  const surfaces = charts.flatMap((chart) => chart._fullData ?? []).filter((trace) => trace.type === "surface");
  return {
    curves: charts.filter((chart) => chart.data?.some((trace) => trace.type.startsWith("scatter"))).length,
    surfaces: surfaces.map((trace) => sum(trace.z)),
    title: document.querySelector(".linked-together")?.innerText.split("\\n")[0] ?? "",
    progress: document.querySelector("[data-testid=stProgress]")?.innerText ?? null,
  };
}"""
LEFT = re.compile(r"(Up to )?about .*? left[^.]*\. |[\d,]+ (to [\d,]+ )?of [\d,]+ ")


def main() -> None:
    """Print what is drawn when."""
    experiment = Experiment(RUN, SURFACE, "run.model.norm", ("none", "batch"))
    query = urlencode(addresses.link_query(experiment, Display()))
    with visited(PORT) as (browser, address):
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}/?training.seed=7300&training.steps=5")  # until workers and page are warm
        page.wait_for_selector("[data-testid=stProgress]", state="attached")
        page.wait_for_selector("[data-testid=stProgress]", state="detached", timeout=120_000)
        begin, before, calm = time.perf_counter(), "", 0
        page.goto(f"{address}/?{query}", wait_until="commit")
        while calm < 20 and time.perf_counter() - begin < LIMIT:
            page.wait_for_timeout(250)
            state = page.evaluate(DRAWN)
            calm = calm + 1 if state["progress"] is None and state["surfaces"] else 0
            state["progress"] = LEFT.sub("", state["progress"] or "")
            if (now := "  ".join(map(str, state.values()))) != before:
                print(f"{time.perf_counter() - begin:7.1f} s  {now}", flush=True)
                before = now
        print(f"{time.perf_counter() - begin:7.1f} s  nothing more is computed")


if __name__ == "__main__":
    main()
