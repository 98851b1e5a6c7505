"""Numbers of charts as CSV: every drawn point, with the exact values where a chart draws logarithms."""

import csv
import io

import numpy as np
import plotly.graph_objects as go

from normscape.exports.formats.figure_table import figure_table
from normscape.figures.comparison import Comparison
from normscape.figures.surface import contour_figures, cut_figure
from tests.exports.test_picture import made


def rows(figures: dict[str, go.Figure]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(figure_table(figures))))


def test_a_map_and_a_cut_have_the_measured_values_and_not_their_logarithms() -> None:
    surface = made(((1.0, 100.0, 3.0), (5.0, np.inf, 7.0), (2.0, 4.0, 8.0)))
    comparison = Comparison({"one": surface}, "loss", "log")
    found = rows({**contour_figures(comparison), "cut": cut_figure(comparison)})
    cells = [row for row in found if row["figure"] == "one" and row["z"]]
    assert [float(row["z"]) for row in cells] == [1, 100, 3, 5, 7, 2, 4, 8]
    cut = [row["y"] for row in found if row["figure"] == "cut"]
    assert cut == ["5.0", "", "7.0"]


def test_lines_have_their_names_without_markup_and_gaps_are_empty() -> None:
    figure = go.Figure(go.Scatter(x=["first", "second"], y=[1.5, None], name="λ<sub>max</sub>"))
    assert rows({"f": figure}) == [
        {"figure": "f", "trace": "λmax", "x": "first", "y": "1.5", "z": ""},
        {"figure": "f", "trace": "λmax", "x": "second", "y": "", "z": ""},
    ]
