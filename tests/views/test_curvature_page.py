"""The page Curvature: spectra and sharpness of every network, and sentences that follow from the numbers."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from normscape.jobs import JobStatus
from normscape.landscape import Sharpness
from normscape.landscape.curvature.density import Density
from normscape.landscape.curvature.edge import EdgeSample
from normscape.landscape.curvature.eigenvalues import Eigenvalues
from normscape.specs import Experiment, RunSpec, SurfaceSpec, TrainingSpec
from normscape.views.curvature import over_seeds, requests
from normscape.views.curvature.charts import threshold_name
from normscape.views.curvature.edge import edge_sentence, spherical_sentence
from normscape.views.curvature.requests import Spectra
from normscape.views.curvature.statistics import ALONE, statistics_numbers, statistics_sentence
from normscape.views.curvature.summary import (
    ONE_TRAINING,
    all_eigenvalues,
    flat_directions,
    headline,
    key_numbers,
    missing_spectra,
    so_far,
    weight_norms,
)
from normscape.views.session.seeds import SeedRatios
from normscape.views.session.waiting_place import STOPPED, state
from normscape.views.surface.measures import Measures
from normscape.views.surface.verdict import verdict
from tests.views.formulas import left_plain
from tests.views.pages import page_of_app
from tests.views.test_page import settled


def test_spectra_and_checkpoints_of_every_network_are_measured() -> None:
    app = settled(page_of_app("curvature", **{"training.checkpoints": "0,3,8"}))
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 1 + 1  # only the open tab is drawn
    assert any("Most directions are almost flat" in element.value for element in app.markdown)
    for tab, charts in ((DIRECTIONS, 3), (EDGE, 1), (KEY_NUMBERS, 0)):
        open_tab(app, tab)
        assert not app.exception
        assert len(app.get("plotly_chart")) == 1 + charts
        assert left_plain(app) == []
    numbers = str(app.table[0].value)
    assert "(trace)" in numbers
    assert "n/a" not in numbers


def open_tab(app: AppTest, name: str) -> None:
    app.session_state["curvature-details"] = name
    app.run()


SPECTRUM, DIRECTIONS, EDGE, AROUND, STATISTICS, KEY_NUMBERS = (
    "All directions",
    "Three sharpest directions",
    "Along training",
    "Around the weights",
    "Batch statistics",
    "Key numbers",
)


def test_networks_with_a_spectrum_are_drawn_while_another_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    app = settled(page_of_app("curvature", values="none,batch,rms", **{"training.checkpoints": "0,3"}))
    names = "No normalization", "Batch norm", "RMS norm"
    assert drawn_names(app, "lines") == drawn_names(app, "markers") == set(names)
    assert not any("follows" in element.value for element in app.caption)
    whole = requests.spectra

    def partial(*arguments: Any) -> dict[str, Spectra]:
        found = whole(*arguments)
        return {label: replace(one, **(missing if label == names[2] else {})) for label, one in found.items()}

    monkeypatch.setattr(requests, "spectra", partial)
    missing: dict[str, Any] = {"smallest": None, "density": None, "trace": None}
    for more in ({}, {"chosen": None}):
        missing |= more
        app.run()
        assert not app.exception
        assert not app.error
        assert drawn_names(app, "lines") == drawn_names(app, "markers") == set(names[:2])
        assert any("RMS norm: its spectrum " in element.value for element in app.caption)


def test_until_the_first_network_is_measured_the_place_of_the_figure_says_what_is_done() -> None:
    app = page_of_app("curvature", **{"training.seed": "31", "training.steps": "20000"})
    (place,) = [caption.value for caption in app.caption if "appears here" in caption.value]
    assert all(f"- **{label}**: " in place for label in ("No normalization", "Batch norm"))
    next(button for button in app.button if button.label == "Stop").click().run()
    assert not app.exception
    assert STOPPED in [caption.value for caption in app.caption]
    run, spectrum = next(iter(requests.sharpest_jobs(Experiment().variants()).values()))
    states = [JobStatus(run, "running", 120, 300), JobStatus(spectrum, "waiting", 0, 1)]
    assert state(states) == "training, 120 of 300 steps"
    trained = JobStatus(run, "finished", 300, 300)
    assert state([trained, states[1]]) == "trained, next: the eigenvalues"
    assert state([trained, replace(states[1], state="running")]) == "measuring the eigenvalues"
    assert state([trained]) == "measured"


def test_a_missing_spectrum_is_named() -> None:
    assert missing_spectra(["RMS norm"], stopped=False) == "**RMS norm: its spectrum follows.**"
    assert missing_spectra(["RMS norm", "Batch norm"], stopped=False) == (
        "**RMS norm and batch norm: their spectra follow.**"
    )
    assert missing_spectra(["RMS norm"], stopped=True) == "**RMS norm: its spectrum was not measured.**"
    assert missing_spectra([], stopped=True) == ""


def drawn_names(app: AppTest, mode: str) -> set[str]:
    """The networks that the density figure draws as lines or as marks."""
    spec = json.loads(app.get("plotly_chart")[1].proto.spec)  # behind the sharpest direction
    return {trace["name"] for trace in spec["data"] if trace["mode"] == mode}


@pytest.mark.slow
def test_the_form_and_the_layer_select_the_density_and_the_map_waits_for_its_button() -> None:
    app = settled(page_of_app("curvature"))
    assert "Curvature" in [group.label for group in app.get("button_group")]
    (layer,) = [box for box in app.selectbox if box.label == "Layer"]
    app = settled(layer.select(layer.options[1]).run())
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1 + 1
    open_tab(app, AROUND)
    button = next(one for one in app.button if one.label.startswith("Measure the map"))
    app = settled(button.click().run())
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1 + 2 * 2


def test_a_diverged_network_is_left_out_with_a_warning() -> None:
    app = settled(page_of_app("curvature", **{"training.learning_rate": "1e6", "training.checkpoints": "0,3,8"}))
    assert not app.exception
    assert not app.error
    assert [warning.value for warning in app.warning if "diverged at training step" in warning.value]
    assert len(app.get("plotly_chart")) == 1 + 1


@pytest.mark.slow
def test_kinds_of_statistics_wait_for_their_button_and_are_shown_at_once_when_they_are_stored() -> None:
    query = {"training.checkpoints": "0,3,8", "training.learning_rate": "0.03"}
    app = settled(page_of_app("curvature", **query))
    open_tab(app, STATISTICS)
    button = next(one for one in app.button if one.label.startswith("Compare batch statistics (about"))
    app = settled(button.click().run())
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1 + 1
    assert any(
        r"**Batch norm.** The largest curvature $\lambda_{\max}$ is " in element.value for element in app.markdown
    )
    equal = "Without normalization there are no such statistics."
    assert any(equal in element.value for element in app.caption)
    again = settled(page_of_app("curvature", **query))
    open_tab(again, STATISTICS)
    assert len(again.get("plotly_chart")) == 1 + 1
    assert not any(one.label.startswith("Compare batch statistics") for one in again.button)


def test_networks_without_batch_norm_say_that_the_kinds_of_statistics_are_equal() -> None:
    app = settled(page_of_app("curvature", values="none,layer", **{"training.checkpoints": "0,3,8"}))
    open_tab(app, STATISTICS)
    assert ALONE in [element.value for element in app.caption]
    assert not any(one.label.startswith("Compare batch statistics") for one in app.button)


def eigenvalues(*values: float) -> Eigenvalues:
    count = len(values)
    points = np.zeros((count, 3))
    flags = np.ones(count, dtype=bool)
    return Eigenvalues(
        *(np.array(values), np.full(count, 1e-4), flags, 12, 50, ("a",)),
        *(np.ones((count, 1)), points, points, np.zeros(count)),
    )


def spectra(top: float, free: float, low: float = -0.1) -> Spectra:
    density = Density(np.array([[0.0, top], [0.0, top]]), np.array([[0.9, 0.1], [0.7, 0.3]]), 100)
    largest = {"raw": eigenvalues(top, top / 2), "scale-free": eigenvalues(free, free / 2)}
    return Spectra(largest, eigenvalues(low), density, largest["raw"], density)


NUMBERS = "largest curvature $\\lambda_{\\max}$ is 1.00 for B and 4.00 for A (4× lower)"


def test_the_headline_begins_with_the_claim_of_the_surfaces() -> None:
    text = headline({"A": spectra(4.0, 5.0), "B": spectra(1.0, 3.0)}, place="at the trained weights", seed=0)
    assert text.startswith(f"**B is flatter at the trained weights: {NUMBERS}.**\n\n")
    rates = r"Near these weights and without momentum, gradient descent is stable up to rates $2/\lambda_{\max}$ of "
    assert text.endswith(
        f"\n\n{rates}2 for B and 0.5 for A; training from scratch has [other limits](learning-rates). {ONE_TRAINING}"
    )
    measured = {name: Measures(*sizes, None, 0.9, 0.1) for name, sizes in (("A", (4.0, 5.0)), ("B", (1.0, 3.0)))}
    assert text.startswith(verdict(measured, where="at the trained weights").claim.removesuffix(".**"))
    assert ONE_TRAINING not in headline({"A": spectra(4.0, 5.0), "B": spectra(1.0, 3.0)})
    mixed = headline({"A": spectra(4.0, 2.0), "B": spectra(1.0, 3.0)})
    assert mixed.startswith("**B is flatter by one measure and sharper by the other here")
    assert headline({"A": spectra(1.0, 1.0), "B": spectra(4.0, 1.0)}).startswith("**B is sharper here")
    assert headline({"A": spectra(1, 1), "B": spectra(1.05, 1)}).startswith("**B is about as flat here")
    assert "compares nothing" in headline({"A": spectra(-1.0, -1.0), "B": spectra(4.0, 1.0)})


@pytest.mark.parametrize(
    ("flat", "words"),
    [
        ((0.959, 0.961), "about 96 % have"),
        ((0.95, 0.97), "97.0 % for B and 95.0 % for A have"),
        ((0.9991, 0.9995), "over 99 % have"),
        ((1.0, 1.0), "over 99 % have"),
    ],
)
def test_shares_of_flat_directions_are_one_number_if_they_are_about_equal(flat: tuple[float, ...], words: str) -> None:
    pair = {}
    for label, share in zip("AB", flat, strict=True):
        nodes, weights = np.array([[0.0, 4.0]] * 2), np.array([[share, 1 - share]] * 2)
        pair[label] = replace(spectra(4.0, 5.0), trace=Density(nodes, weights, 100))
    assert flat_directions(pair).startswith(f"Most directions are almost flat: {words} less than 1 %")
    assert flat_directions({"A": pair["A"]}) == ""


def test_of_several_networks_all_curvatures_are_listed() -> None:
    three = headline({"A": spectra(4.0, 2.0), "B": spectra(1.0, 3.0), "C": spectra(2.0, 1.0)})
    assert three.startswith("**Flattest here: B. Sharpest: A.** Largest curvature")
    assert three.endswith("B 1.00, C 2.00, A 4.00.")
    assert headline({"A": spectra(4, 2), "B": spectra(1, 3), "C": spectra(2, 1)}, seed=0).endswith(ONE_TRAINING)
    assert headline({"A": spectra(4.0, 2.0)}) == r"**A: largest curvature $\lambda_{\max}$ is 4.00.**"
    assert headline({"A": Spectra({}, None, None, None, None)}) == ""


def test_where_seeds_are_stored_a_sentence_counts_them_and_the_claim_is_about_what_is_drawn() -> None:
    seeds = SeedRatios((0.5, 0.4, 1.8)), SeedRatios((0.2, 0.3, 0.4))
    both = {"A": spectra(4.0, 5.0), "B": spectra(1.0, 3.0)}
    text = headline(both, seed=0, seeds=seeds)
    assert text.split("**")[1] == headline(both).split("**")[1]
    assert text.endswith(r"$\lambda_{\max}$ is lower for B in 2 of 3 seeds.")
    assert ONE_TRAINING not in text


def test_while_a_network_is_added_the_verdict_is_on_those_that_are_measured() -> None:
    assert so_far(2, 2) == ""
    assert so_far(2, 3) == "**So far (2 of 3 networks):** "


def test_a_spread_needs_three_stored_seeds_of_all_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    variants = Experiment().variants()
    stored = {("No normalization", 0): 4.0, ("Batch norm", 0): 1.0}
    monkeypatch.setattr(over_seeds, "_stored", lambda _, label, k: stored.get((label, k)))
    assert over_seeds.stored_curvatures(variants) == {}
    stored |= {(label, k): 2.0 + k for label in variants for k in (1, 2)} | {("Batch norm", 3): 9.0}
    assert over_seeds.stored_curvatures(variants) == {
        "No normalization": (4.0, 3.0, 4.0),
        "Batch norm": (1.0, 3.0, 4.0),
    }
    assert over_seeds.stored_curvatures({"Batch norm": variants["Batch norm"]}) == {}
    found = over_seeds.stored_curvatures(variants | {"Layer norm": variants["Batch norm"]})  # which has no stored seeds
    assert list(found) == list(variants)
    assert over_seeds.reading(found, 0, [*variants, "Layer norm"]).endswith(
        " Not measured for other seeds: layer norm."
    )
    assert over_seeds.reading({}, 0, list(variants)) == ""


def test_the_sentence_on_statistics_says_how_far_they_differ_and_which_is_largest() -> None:
    def one(top: float, trace: float, noise: float = 0.0) -> Spectra:
        weights = np.array([[1 - trace, trace], [1 - trace - noise, trace + noise]])
        density = Density(np.array([[0.0, 1.0], [0.0, 1.0]]), weights, 100)
        return Spectra({}, None, density, eigenvalues(top, top / 2), None)

    text = statistics_sentence("A", {"population": one(2, 0.1), "batch": one(2.1, 0.1, 0.1), "running": one(6, 0.1)})
    assert (
        r"**A.** The largest curvature $\lambda_{\max}$ is 3× as large in running as in population statistics" in text
    )
    assert "(2 population, 2.1 mini-batch and 6 running)" in text
    assert text.endswith("the traces agree within their errors.")
    text = statistics_sentence("A", {"population": one(2, 0.1), "batch": one(2.1, 0.1), "running": one(2, 0.4)})
    assert "about equal in all three" in text
    assert text.endswith(
        "the trace is 4× as large in running as in population statistics (10 population, 10 mini-batch and 40 running)."
    )
    assert statistics_numbers(one(2, 0.1))["Sum of all curvatures (trace) ± standard error"] == "10 ± 0"


def test_key_numbers_are_those_of_the_spectra() -> None:
    numbers = key_numbers(spectra(4.0, 2.0, -1.0))
    assert numbers[r"Largest curvature $\lambda_{\max}$"] == "4"
    assert numbers[r"Smallest curvature $\lambda_{\min}$"] == "−1"
    assert numbers[r"$|\lambda_{\min}/\lambda_{\max}|$"] == "0.25"
    assert numbers["Sum of all curvatures (trace) ± standard error"] == "80 ± 40"
    assert all_eigenvalues(spectra(4.0, 2.0))[r"Scale-free $\lambda_2$"] == "1 ± 1e-04"
    assert key_numbers(Spectra({}, None, None, None, None)) == {}


def test_norms_of_weights_are_those_of_the_ends_of_the_course() -> None:
    samples = course(1.0, 2.0)
    first, last = (
        replace(one, layers=("a", "b"), layer_norms=np.array(norms), layer_invariant=np.array([True, False]))
        for one, norms in zip(samples, ([1.0, 2.0], [3.0, 2.5]), strict=True)
    )
    assert weight_norms([first, last]) == {"a": "1 → 3, scale-invariant", "b": "2 → 2.5"}
    assert weight_norms([]) == {}


def test_missing_points_of_batch_sharpness_are_explained_in_the_caption(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = requests.edge_samples

    def negative(*arguments: Any) -> dict[str, list[EdgeSample]]:
        found = whole(*arguments)
        first, *rest = found["No normalization"]
        return found | {"No normalization": [replace(first, batch_sharpness=-0.1, batches=4), *rest]}

    monkeypatch.setattr(requests, "edge_samples", negative)
    app = settled(page_of_app("curvature", **{"training.checkpoints": "0,3,8"}))
    open_tab(app, EDGE)
    assert not app.error
    words = "No normalization: no point at step 0, where its batch sharpness is negative and a log axis cannot show it."
    assert any(words in element.value for element in app.caption)
    assert "no point" not in " ".join(element.proto.spec for element in app.get("plotly_chart"))


def course(*values: float) -> list[EdgeSample]:
    nothing: dict[str, Any] = {"layers": (), "layer_norms": np.ones(0), "layer_invariant": np.zeros(0, dtype=bool)}
    return [
        EdgeSample(10 * k, 0.5, Sharpness(value, 0.0, 9, True), value, math.nan, 1, 2.0, False, **nothing)
        for k, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((10.0, 20.0, 30.0), "**A** stays below the threshold: at most 75.0 % of it, at step 20."),
        ((10.0, 41.0, 44.0, 39.0), "**A** reaches the threshold by step 10 and stays at 0.97 to 1.1 times it"),
        ((10.0, 48.0, 8.0), "**A** reaches 1.2 times the threshold at step 10 and ends at 0.2 times."),
    ],
)
def test_the_sentence_on_the_edge_follows_from_the_course(values: tuple[float, ...], expected: str) -> None:
    text = edge_sentence({"A": course(*values)}, {"A": [40.0] * len(values)})
    assert text.startswith(expected)
    assert edge_sentence({"A": course(*values)}, {"A": [math.nan] * len(values)}) == ""


def test_training_far_from_the_threshold_has_one_conclusion() -> None:
    far = {"No normalization": course(1.0, 2.12), "Batch norm": course(1.24, 1.0)}
    limits = {label: [40.0, 40.0] for label in far}
    assert edge_sentence(far, limits) == (
        "**Neither comes close: at most 5.3 % of the threshold without normalization and 3.1 % with batch norm.**"
    )
    alone = edge_sentence({"Batch norm": far["Batch norm"]}, limits)
    assert alone == "**Training does not come close: at most 3.1 % of the threshold with batch norm.**"
    three = edge_sentence(far | {"A": course(1.0, 4.0)}, limits | {"A": [40.0, 40.0]})
    assert three.startswith("**None comes close: at most 5.3 % of the threshold without normalization, 3.1 % with")
    near = edge_sentence(far | {"A": course(1.0, 30.0)}, limits | {"A": [40.0, 40.0]})
    assert near.startswith("**No normalization** stays below the threshold: at most 5.3 % of it")
    assert "comes close" not in edge_sentence(far | {"A": []}, limits | {"A": []})  # which may
    assert edge_sentence({}, {}) == ""


def test_the_page_says_which_networks_have_no_threshold_on_the_sphere_and_why() -> None:
    plain = course(1.0, 2.0)
    one = [replace(sample, invariant=True, layers=("a",), layer_invariant=np.ones(1, dtype=bool)) for sample in plain]
    three = [replace(sample, layers=tuple("abc"), layer_invariant=np.ones(3, dtype=bool)) for sample in one]
    text = spherical_sentence({"No normalization": plain, "Spectral norm": three})
    assert text.startswith(
        "No threshold on the unit sphere: doubling all weights changes the loss without normalization; 3 layers are"
    )
    assert spherical_sentence({"No normalization": plain, "Batch norm": plain}) == ""
    assert spherical_sentence({"A": one}).startswith("All weights together are scale-invariant")
    assert spherical_sentence({"A": []}) == ""


def test_the_threshold_names_what_the_optimizers_use() -> None:
    def variants(**training: Any) -> Any:
        return {"A": (RunSpec(training=TrainingSpec(**training)), SurfaceSpec())}

    assert threshold_name(variants(momentum=0.0)) == r"2/\eta"
    assert threshold_name(variants(momentum=0.9)) == r"2(1+\mu)/\eta"
    assert threshold_name(variants(momentum=0.0, weight_decay=0.1)) == r"2/\eta-\text{weight decay}"
