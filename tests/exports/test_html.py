from __future__ import annotations

import json
from html.parser import HTMLParser

import plotly.graph_objects as go
import pytest

from normscape.exports.html import interactive_page
from normscape.specs import DataSpec, Experiment, RunSpec, canonical_bytes

EXPERIMENT = Experiment(RunSpec(DataSpec(name="</script><script>alert(1)</script>")))


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links, self.texts, self.open = [], {}, []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.links += [value for name, value in attrs if name in ("src", "href", "action", "data", "srcset")]
        self.open.append(found.get("id") or tag)

    def handle_endtag(self, tag):
        self.open.pop() if self.open else None

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


@pytest.fixture(scope="module")
def page():
    return interactive_page(
        [go.Figure(go.Scatter(y=[1, 2]))],
        list(EXPERIMENT.variants()),
        "address  /?a=1&b=2\n<b>bold</b>",
        spec=canonical_bytes(EXPERIMENT).decode(),
    )


@pytest.fixture(scope="module")
def read(page):
    reader = Reader()
    reader.feed(page)
    return reader


def test_nothing_is_fetched(page, read):
    assert all(link.startswith(("data:", "#")) for link in read.links)
    assert "default-src 'none'" in page
    assert "Plotly.newPlot" in page
    assert len(page) > 1_000_000  # plotly.js itself


def test_the_experiment_is_inside_and_cannot_break_out(page, read):
    document = read.texts["normscape-spec"]
    assert json.loads(document) == json.loads(canonical_bytes(EXPERIMENT))
    assert "<script>alert(1)" not in page


def test_title_and_protocol_are_shown_as_written(read):
    assert read.texts["title"] == "Normscape: No normalization, Batch norm"
    assert read.texts["pre"] == "address  /?a=1&b=2\n<b>bold</b>"


def test_the_chart_is_not_uploaded_anywhere(page):
    assert '"showSendToCloud": false' in page


def test_figures_with_paths_have_a_button_and_a_slider_and_others_do_not(page):
    path = go.Scatter(x=[0, 1], y=[0, 1], meta="path", customdata=[[0, 2.0], [8, 1.0]])
    assert ".setSteps([0, 8]);" in interactive_page([go.Figure(path)], ["a"], "")
    assert "PathPlayer" not in page
