"""Checks are green for valid surfaces and red for invalid ones."""

from dataclasses import replace

import numpy as np
import pytest

from normscape.landscape import measure_surface, train
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.plane.plane import Plane
from normscape.landscape.surface.checks import Check, measure_checks
from normscape.specs import EvaluationSpec, SurfaceSpec
from tests.flat import changed, surface_spec
from tests.landscape.networks import small_run

SPEC = surface_spec(points_alpha=5, points_beta=5)
RUN = train(small_run(model={"activation": "gelu", "width": 24}, data={"size": 400}))


def checks(spec: SurfaceSpec = SPEC, plane: Plane | None = None, run=RUN) -> dict[str, Check]:
    found = measure_checks(run, measure_surface(run, spec, plane=plane))
    return {check.name.split(":")[0]: check for check in found}


def test_valid_surface_passes_all_checks() -> None:
    found = checks()
    assert len(found) == 7  # two of the eight names begin with "Rounding"
    # the sampling error of 320 samples depends only on the data
    assert {check.verdict for name, check in found.items() if name != "Choice of samples"} == {"green"}


def test_float64_evaluates_a_subset_where_all_samples_take_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparisons of a subset are exact comparisons too; the other checks stay those of all samples."""
    everything = checks()
    monkeypatch.setattr("normscape.landscape.surface.checks.REFERENCE_BYTES", 1)
    few = checks()
    compared = {"Rounding", "Ratio beside the center against the Hessian"}
    assert {name for name in few if few[name] != everything[name]} == compared
    assert all(few[name].sentence == f"{everything[name].sentence} On 16 of the 320 samples." for name in compared)
    assert {few[name].verdict for name in compared} == {"green"}


def test_nearly_parallel_directions_are_red() -> None:
    plane = measure_surface(RUN, SPEC).plane
    slanted = replace(plane, d2=plane.d1 + 0.5 * plane.d2)
    assert checks(plane=slanted)["Directions apart"].verdict == "red"


def test_slice_much_larger_than_weights_is_red() -> None:
    wide = changed(SPEC, range_alpha=(-30.0, 30.0))
    check = checks(wide)["Size of the slice"]
    assert check.verdict == "red"
    surface = measure_surface(RUN, wide)
    assert check.value == pytest.approx(surface.step.max() / np.linalg.norm(surface.plane.theta))


def test_non_finite_points_are_counted() -> None:
    surface = measure_surface(RUN, SPEC)
    lost = replace(surface, non_finite=np.eye(5, dtype=bool))
    found = {check.name: check for check in measure_checks(RUN, lost)}["Points that are not finite"]
    assert found.value == pytest.approx(0.2)
    assert found.verdict == "red"


def test_small_step_check_is_green_for_smooth_and_red_at_kink() -> None:
    assert checks()["Ratio beside the center against the Hessian"].value < 1e-4


def test_rounding_check_depends_on_precision() -> None:
    single, double = checks()["Rounding"], checks(changed(SPEC, precision="float64"))["Rounding"]
    assert 0 < single.value < 1e-4
    assert double.value == 0


@pytest.mark.parametrize("count", [50, 320])
def test_bootstrap_matches_standard_error_of_the_mean(count: int) -> None:
    found = checks(changed(SPEC, samples=count))["Choice of samples"]
    objective = objective_of(RUN, EvaluationSpec(samples=count))
    losses = objective.sample_losses(objective.theta).numpy()
    assert losses.mean() == pytest.approx(objective.loss(objective.theta).item(), rel=1e-6)
    expected = losses.std() / np.sqrt(len(losses)) / losses.mean()
    assert found.value == pytest.approx(expected, rel=0.15)  # relative error of 400 resamples: 1/√800


def test_nan_is_red() -> None:
    assert Check("a", float("nan"), 1, 2, "").verdict == "red"
    assert [Check("a", value, 1, 2, "").verdict for value in (1, 1.5, 2, 2.1)] == ["green", "amber", "amber", "red"]
