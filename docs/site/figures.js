// Draws the Plotly figures of a page when they come into view.
const draw = (element) => {
  const { data, layout } = JSON.parse(element.querySelector("script").textContent);
  Plotly.newPlot(element, data, { ...layout, autosize: true, width: undefined }, { responsive: true, displaylogo: false });
};

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      draw(target);
    }
  },
  { rootMargin: "400px" }
);
document.querySelectorAll(".plotly-figure").forEach((element) => watcher.observe(element));
