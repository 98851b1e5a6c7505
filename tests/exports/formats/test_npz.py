from __future__ import annotations

import io

import numpy as np
import pytest

from normscape.exports.formats.npz import ARRAYS, numbers, read_numbers
from normscape.landscape import measure_surface, train
from normscape.specs import DataSpec, Experiment, ModelSpec, RunSpec, TrainingSpec, canonical_bytes
from normscape.views.surface.key_numbers import SURFACE_NUMBERS
from tests.flat import surface_spec

FACTS = {"No normalization": {r"$\lambda_{\max}$": 3.25, "bound": float("nan"), "note": "‖θ‖ < ∞"}, "Batch norm": {}}


@pytest.fixture(scope="module")
def experiment():
    data, training = DataSpec(name="moons", size=60), TrainingSpec(steps=3)
    return Experiment(RunSpec(data, ModelSpec(width=4, depth=1), training), surface_spec(points_alpha=5, points_beta=3))


@pytest.fixture(scope="module")
def surfaces(experiment):
    return {label: measure_surface(train(run), spec) for label, (run, spec) in experiment.variants().items()}


@pytest.fixture(scope="module")
def content(experiment, surfaces):
    return numbers(experiment, surfaces, FACTS)


def test_a_file_gives_back_exactly_what_was_written(experiment, surfaces, content):
    found = read_numbers(content)
    assert found.spec == canonical_bytes(experiment).decode()
    assert found.labels == tuple(surfaces)
    for label, surface in surfaces.items():
        kept = found.arrays[label]
        for name in ARRAYS:
            np.testing.assert_array_equal(kept[name], getattr(surface, name), strict=True)
        assert tuple(kept["direction_norms"]) == surface.plane.norms
        assert kept["cosine"] == surface.plane.cosine
        assert str(kept["spec"]) == canonical_bytes(surface.spec).decode()
    assert found.facts["No normalization"] == {"λ_max": 3.25, "bound": "nan", "note": "‖θ‖ < ∞"}


def test_numpy_alone_reads_every_entry(content):
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        entries = {name: file[name] for name in file.files}
    assert entries["0/loss"].shape == (3, 5)
    assert int(entries["schema"]) == 1
    assert all(entry.dtype != object for entry in entries.values())


def test_equal_content_gives_equal_bytes(experiment, surfaces, content):
    assert numbers(experiment, surfaces, FACTS) == content


def test_nothing_measured_is_a_file_too(experiment):
    found = read_numbers(numbers(experiment, {}, {}))
    assert (found.labels, dict(found.arrays), found.facts) == ((), {}, {})


def _foreign(**entries) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **entries)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "foreign", [b"", b"PK\x03\x04broken", b"a,b\n1,2\n", _foreign(x=np.ones(2)), _foreign(x=np.array([{}]))]
)
def test_a_foreign_file_is_refused_in_words(foreign):
    with pytest.raises(ValueError, match="no file of numbers from Normscape"):
        read_numbers(foreign)


def test_a_single_array_and_a_cut_file_are_refused(content):
    buffer = io.BytesIO()
    np.save(buffer, np.ones(3))
    for foreign in (buffer.getvalue(), content[: len(content) // 2]):
        with pytest.raises(ValueError, match="no file of numbers from Normscape"):
            read_numbers(foreign)


def test_a_newer_layout_is_refused():
    with pytest.raises(ValueError, match="layout 99"):
        read_numbers(_foreign(schema=np.array(99), spec=np.array(""), labels=np.array([""]), facts=np.array("{}")))


def test_the_numbers_of_a_table_have_plain_names() -> None:
    written = read_numbers(numbers(Experiment(), {}, {"one": dict.fromkeys(SURFACE_NUMBERS, 1.0)}))
    assert set(written.facts["one"]) == {
        "‖θ‖",
        "L ≥, from the center",
        "L ≥, between neighbors",
        "Minima of the loss",
        "Largest ‖Hu‖ in the plane",
        "In-plane ratio up to (scale-free)",
        "λ_max",
        "2/λ_max",
        "λ_max(SHS) (scale-free)",
        "Points not finite",
        "‖d1‖ and ‖d2‖",
        "cos(d1, d2)",
        "Loss at the center",
        "Loss at the center, recomputed",
    }
