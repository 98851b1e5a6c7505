"""When the page *Surfaces* draws a residual network's results: python -m benchmarks.residual_page (7 minutes).

The experiment of `benchmarks.residual` in Chromium, with an empty store and warm workers; needs Fashion-MNIST. Prints
what the page draws anew (curves; surfaces by their numbers of points), in seconds since the address was opened, and
when nothing more is computed. On two cores the browser's drawing takes part of what the workers would have.
"""

from __future__ import annotations

import json
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
  const drawn = charts.flatMap((chart) => (chart.data ?? []).map((trace) => trace.type === "surface"
    ? `surface of ${trace.z.shape ?? `${trace.z.length}, ${trace.z[0]?.length}`}`
    : (trace.y?.shape ?? trace.y?.length) > 1 ? "training curve" : null));
  const titles = charts.map((chart) => chart.layout?.title?.text?.replace(/<[^>]*>/g, " ") ?? "");
  const progress = document.querySelector("[data-testid=stProgress]");
  return {
    drawn: [...new Set(drawn.filter(Boolean))].sort(), titles,
    surfaces: drawn.filter((name) => name?.startsWith("surface")).length, progress: progress?.innerText ?? null,
  };
}"""


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
            progress = state.pop("progress")
            calm = calm + 1 if progress is None and state["surfaces"] else 0
            if (now := json.dumps(state, ensure_ascii=False)) != before:
                print(f"{time.perf_counter() - begin:7.1f} s  {now}  {progress}", flush=True)
                before = now
        print(f"{time.perf_counter() - begin:7.1f} s  nothing more is computed")


if __name__ == "__main__":
    main()
