"""The panel's checks go red when something is wrong, and green when nothing is."""

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


def test_a_sound_surface_is_green_throughout() -> None:
    found = checks()
    assert len(found) == 7  # two of the eight begin with "Rounding"
    # how far 320 samples know the loss depends on the data alone
    assert {check.verdict for name, check in found.items() if name != "Choice of samples"} == {"green"}


def test_directions_that_are_not_apart_are_red() -> None:
    plane = measure_surface(RUN, SPEC).plane
    slanted = replace(plane, d2=plane.d1 + 0.5 * plane.d2)
    assert checks(plane=slanted)["Directions apart"].verdict == "red"


def test_a_slice_far_beyond_the_weights_is_red() -> None:
    wide = changed(SPEC, range_alpha=(-30.0, 30.0))
    check = checks(wide)["Size of the slice"]
    assert check.verdict == "red"
    surface = measure_surface(RUN, wide)
    assert check.value == pytest.approx(surface.step.max() / np.linalg.norm(surface.plane.theta))


def test_lost_points_are_counted() -> None:
    surface = measure_surface(RUN, SPEC)
    lost = replace(surface, non_finite=np.eye(5, dtype=bool))
    found = {check.name: check for check in measure_checks(RUN, lost)}["Points that are not finite"]
    assert found.value == pytest.approx(0.2)
    assert found.verdict == "red"


def test_the_small_step_agrees_with_the_hessian_and_a_kink_does_not() -> None:
    assert checks()["Ratio beside the centre against the Hessian"].value < 1e-4


def test_rounding_is_that_of_the_evaluation_s_precision() -> None:
    single, double = checks()["Rounding"], checks(changed(SPEC, precision="float64"))["Rounding"]
    assert 0 < single.value < 1e-4
    assert double.value == 0


@pytest.mark.parametrize("count", [50, 320])
def test_the_bootstrap_is_the_standard_error_of_the_mean(count: int) -> None:
    found = checks(changed(SPEC, samples=count))["Choice of samples"]
    objective = objective_of(RUN, EvaluationSpec(samples=count))
    losses = objective.sample_losses(objective.theta).numpy()
    assert losses.mean() == pytest.approx(objective.loss(objective.theta).item(), rel=1e-6)
    expected = losses.std() / np.sqrt(len(losses)) / losses.mean()
    assert found.value == pytest.approx(expected, rel=0.15)  # 400 resamples know it to 1/√800


def test_what_cannot_be_measured_is_red() -> None:
    assert Check("a", float("nan"), 1, 2, "").verdict == "red"
    assert [Check("a", value, 1, 2, "").verdict for value in (1, 1.5, 2, 2.1)] == ["green", "amber", "amber", "red"]
