"""Charts drawn again by matplotlib: every kind of figure of the product, of exact sizes, with all its texts."""

import io
import re

import numpy as np
import plotly.graph_objects as go
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

from normscape.exports.drawings import axes as drawn_axes
from normscape.exports.drawings import path_scene
from normscape.exports.drawings.charts import SIZES, charts_file
from normscape.exports.drawings.file import FORMATS
from normscape.exports.drawings.text import mathtext
from normscape.exports.drawings.traces import DASHES, SYMBOLS, dash, draw_trace
from normscape.exports.metadata import png_metadata, read_experiment
from normscape.figures.comparison import Compared, Comparison
from normscape.figures.histograms import Bins, Histograms, histogram_figures
from normscape.figures.paths import PathMap, path_surfaces
from normscape.figures.style import palette
from normscape.figures.style.template import sentence_figure, style_axes, styled
from normscape.figures.surface import (
    contour_figures,
    cut_figure,
    difference_figures,
    refinement_figure,
    seeds_figure,
)
from normscape.landscape.paths.trajectory import Path, Trajectory
from normscape.landscape.surface.spacing import RatioBySpacing
from normscape.specs import Display, Experiment
from tests.exports.test_picture import made

COLORS = palette.THEMES["light"]
SURFACES = {"No normalization": made(), "Batch norm": made(((1.0, 2.0, np.inf), (0.5, 4.0, 3.0), (1.0, 1.0, 2.0)))}
COMPARISON = Comparison(SURFACES, "loss", "log", colors={"Batch norm": "#0068a8", "No normalization": "#992e00"})
HISTOGRAMS = COMPARISON.with_results(
    dict.fromkeys(SURFACES, Histograms(["first", "second"], np.array([[0.1, 0.9], [0.5, 0.5]])))
)
SEEDS = Comparison({"seeds 1": made(), "seeds 2": made()}, "loss", "log", colors={"seeds 1": "#0068a8"})
BOUNDS = COMPARISON.with_results(
    dict.fromkeys(SURFACES, RatioBySpacing(np.array([0.5, 0.25, 0.125]), np.array([1.0, np.nan, 3.0]), np.ones(3)))
)


def band() -> go.Figure:
    """Every feature of a chart of lines: bands, dashes, open markers, texts, lines across, a logarithmic axis."""
    figure = go.Figure(
        [
            go.Scatter(x=[1, 10, 100], y=[1, 2, 3], mode="lines", showlegend=False, line={"color": "#992e00"}),
            go.Scatter(x=[1, 10, 100], y=[2, 3, 4], mode="lines", name="β<sub>max</sub>", fill="tonexty"),
            go.Scatter(
                x=[1, 10, 100],
                y=[3, None, 1],
                mode="lines+markers+text",
                text=["a", "b", "c"],
                name="$ 5",
                line={"dash": "dot"},
                marker={"symbol": "square-open", "size": 8, "maxdisplayed": 2},
            ),
        ]
    )
    figure.add_hline(y=2, line={"color": "rgba(128,128,140,0.5)", "dash": "dash"})
    axis = {"type": "log", "range": [0, 2], "tickvals": [1, 100], "ticktext": ["one", "10<sup>2</sup>"]}
    style_axes(figure, COLORS, x_title="step", y_title="‖∇f‖", x_axis=axis)
    return styled(figure, COLORS, height=400, title="A title", notes=["A note."], legend_y=-0.2)


def paths_in_3d() -> dict[str, go.Figure]:
    """Two paths on bowls: one in sight, and one that begins behind the hill in front of it."""
    axis, shares = np.linspace(-1.0, 1.0, 9), np.array([0.9, 0.1])
    bowl = 0.1 + axis[:, None] ** 2 + axis[None, :] ** 2
    maps = {}
    for label, loss in (("in sight", bowl), ("behind", 10 ** (4 * np.exp(-8 * (axis[:, None] + 0.5) ** 2)) + 0 * bowl)):
        places = np.array([[0.8, 0.4], [0.0, 0.8], [0.0, 0.0]])
        path = Path(np.array([0, 5, 20]), places, np.zeros(3), np.array([1.0, 0.5, 0.1]), np.array([1.0, 0.8, 0.1]))
        maps[label] = PathMap(Trajectory((path,), *(shares,) * 4, 1.0), (label,), axis, axis, loss)
    return path_surfaces(Compared(maps, colors={"in sight": "#0068a8"}))


GROUPS = {
    "paths in 3-D": paths_in_3d(),
    "lines": {"one": band()},
    "maps and cut": contour_figures(COMPARISON) | {"cut": cut_figure(COMPARISON)},
    "differences": difference_figures(Comparison({"a": made(), "b": made(((2.0, 1.0), (1.0, 1.0)))}, "loss", "linear")),
    "over seeds": {"one": seeds_figure(SEEDS, {"Batch norm": list(SEEDS.results)})},
    "against spacing": {"one": refinement_figure(BOUNDS)},
    "histograms": histogram_figures(HISTOGRAMS, Bins((-1.0, 1.0), "input", {0.0: "zero"}, (0.5,))),
    "a sentence": {"one": sentence_figure("Nothing to show yet.", COLORS, height=300)},
}


def drawn(group: str, format: str = "svg", **options) -> bytes:
    shown = {"title": "Several charts", "caption": "Perceptron · Digits", **options}
    return charts_file(GROUPS[group], format=format, **shown)


def comments(svg: bytes) -> str:
    """The texts of an SVG, which matplotlib draws as paths, each with its text in a comment."""
    return " ".join(re.findall(r"<!-- (.*?) -->", svg.decode()))


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize(("shape", "size"), SIZES.items())
def test_a_png_has_exactly_its_size(group: str, shape: str, size: tuple[int, int]) -> None:
    image = Image.open(io.BytesIO(drawn(group, "png", shape=shape)))
    assert image.size == size
    margin = np.asarray(image.convert("L"))[:, : round(0.012 * size[0])]
    assert margin.min() == 255  # no text or tick runs over the edge


def test_all_texts_of_a_chart_are_in_the_file() -> None:
    texts = comments(drawn("lines"))
    for text in (
        "Several charts",
        "A title",
        "A note.",
        "Perceptron · Digits",
        "step",
        "‖∇f‖",
        "one",
        "$ 5",
        "Normscape",
    ):
        assert text in texts
    assert texts.count("A title") == 1
    assert comments(drawn("lines", title="A title")).count("A title") == 1  # not twice


def test_several_charts_have_their_titles_in_color_below_the_common_one() -> None:
    svg = drawn("maps and cut")
    texts = comments(svg)
    for text in ("Several charts", *SURFACES, "α (in units of 1 =", "Loss (mean cross-entropy, nats)"):
        assert text in texts
    assert svg.count(b"fill: #0068a8") >= 1


@pytest.mark.parametrize("format", FORMATS)
def test_equal_charts_give_equal_bytes(format: str) -> None:
    assert drawn("lines", format) == drawn("lines", format)


def test_a_pdf_embeds_the_fonts_of_the_page() -> None:
    pdf = drawn("lines", "pdf", link="https://example.org/?a=1")
    assert b"/FontFile2" in pdf
    assert b"SourceSans3" in pdf
    assert b"example.org" in pdf


def test_a_png_carries_its_experiment() -> None:
    info = png_metadata((Experiment(), Display()), title="t", description="d")
    assert read_experiment(drawn("lines", "png", shape="square", png_info=info)) == (Experiment(), Display())


def test_symbols_and_dashes_of_the_palette_are_known() -> None:
    assert set(palette.SYMBOLS) <= set(SYMBOLS)
    for name in palette.DASHES:
        assert name in DASHES or dash(name)[1]


def test_markup_becomes_formulas_and_dollars_stay() -> None:
    assert mathtext("λ<sub>max</sub> of 10<sup>−3</sup><br>$5 <b>x</b>") == "λ$_{max}$ of 10$^{−3}$\n\\$5 x"


def test_paths_in_3d_have_their_titles_steps_and_axes() -> None:
    texts = comments(drawn("paths in 3-D"))
    scene = GROUPS["paths in 3-D"]["in sight"].layout.scene
    titles = [scene[axis].title.text for axis in ("xaxis", "yaxis", "zaxis")]
    for text in ("in sight, in 3-D", "behind, in 3-D", "step 0", *titles):
        assert text in texts
    assert "Several charts" in texts


def test_a_box_of_3d_is_inside_its_cell() -> None:
    for count in (1, 2):
        figures = dict(list(GROUPS["paths in 3-D"].items())[:count])
        image = Image.open(io.BytesIO(charts_file(figures, format="png", title="t", caption="c", shape="16:9")))
        used = np.asarray(image.convert("L")) < 250
        assert not used[:, :20].any()
        assert not used[:, -20:].any()
        assert used[:, : image.width // 2].any() == used[:, image.width // 2 :].any()


def test_what_the_surface_hides_of_a_path_is_faint() -> None:
    opacities = {}
    for label, one in GROUPS["paths in 3-D"].items():
        figure = Figure()
        path_scene.draw_path_scene(figure, Bbox([[0, 0], [1, 1]]), one)
        (axes,) = figure.axes
        lines = [line for line in axes.lines if line.get_zorder() >= 3 and len(line.get_xdata())]
        opacities[label] = {line.get_alpha() for line in lines}
    assert opacities == {"in sight": {1}, "behind": {1, path_scene.HIDDEN}}


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="format is 'eps'"):
        drawn("lines", "eps")
    with pytest.raises(ValueError, match="shape is '4:3'"):
        drawn("lines", "png", shape="4:3")
    with pytest.raises(ValueError, match="no figure"):
        charts_file({}, format="svg", title="", caption="")
    with pytest.raises(ValueError, match="'bar'; it must be one of scatter, heatmap, contour"):
        charts_file({"one": go.Figure(go.Bar(y=[1]))}, format="svg", title="", caption="")


def test_traces_of_a_second_vertical_axis_are_in_its_strip_above_the_plot() -> None:
    figure = go.Figure([go.Scatter(x=[0, 1], y=[0.1, 10.0]), go.Scatter(x=[0.5], y=[0], yaxis="y2", mode="markers")])
    figure.update_layout(
        yaxis={"type": "log", "range": [-1, 1], "domain": [0, 0.8]}, yaxis2={"range": [-1, 1], "domain": [0.9, 1.0]}
    )
    axes = Figure().add_subplot()
    drawn_axes.set_scales(axes, figure)
    draw_trace(axes, figure.data[0], 0, None)
    drawn_axes.style_axes(axes, figure)
    drawn_axes.add_strip(axes, figure)
    (strip,) = (one for one in axes.figure.axes if one is not axes)
    top = axes.transAxes.inverted().transform(axes.transData.transform((1.0, 10.0)))[1]
    mark = axes.transAxes.inverted().transform(strip.transData.transform((0.5, 0.0)))[1]
    assert (top, mark) == (pytest.approx(0.8), pytest.approx(0.95))
