"""Lines and planes between trainings: they contain the checkpoints, whose losses there are their own (D2, D13)."""

from dataclasses import replace

import numpy as np
import pytest

from normscape.landscape import Run, Surface, measure_surface, objective_of, train
from normscape.landscape.paths.connectivity import measure_connectivity
from normscape.landscape.plane.checkpoints import checkpoint_plane
from normscape.specs import ConnectivitySpec, EvaluationSpec, Experiment, GridSpec, PlaneSpec, RunSpec, SurfaceSpec
from normscape.specs.fields import replace_at
from tests.landscape.networks import small_run

EXACT = EvaluationSpec(checkpoint=20, precision="float64")
SPECS = tuple(small_run("batch", seed=seed, checkpoints=(5,)) for seed in (0, 1, 2))
RUNS = tuple(map(train, SPECS))
UNIT = ((0.0, 1.0), (0.0, 1.0))


def weights(run: Run, step: int) -> np.ndarray:
    return objective_of(run, replace(EXACT, checkpoint=step)).theta.numpy()


def own_loss(run: Run, evaluation: EvaluationSpec) -> float:
    objective = objective_of(run, evaluation)
    return float(objective.loss(objective.theta))


def through(*others: RunSpec, steps: tuple[int, ...] = (20, 20), orthogonal: bool = False) -> PlaneSpec:
    return PlaneSpec("checkpoints", steps[: len(others)], orthogonal=orthogonal, others=others)


def measured(plane: PlaneSpec, others: tuple[Run, ...], *, points=(3, 3), **evaluation) -> Surface:
    spec = SurfaceSpec(replace(EXACT, **evaluation), plane, GridSpec(points, UNIT))
    return measure_surface(RUNS[0], spec, others=others)


@pytest.mark.parametrize("orthogonal", [True, False])
@pytest.mark.parametrize("steps", [(20, 20), (5, 20)])
def test_a_plane_between_three_trainings_contains_their_checkpoints_d2(steps, orthogonal: bool) -> None:
    objective = objective_of(RUNS[0], EXACT)
    spec = through(*SPECS[1:], steps=steps, orthogonal=orthogonal)
    plane = checkpoint_plane(RUNS[0], objective.theta, objective.layout, spec, RUNS[1:])
    assert np.array_equal(plane.theta, weights(RUNS[0], 20))
    assert plane.mark_names == (f"Training seed 1, step {steps[0]}", "Training seed 2, step 20")
    for run, (step, alpha, beta) in zip(RUNS[1:], plane.marks, strict=True):
        assert np.abs(plane.point(alpha, beta) - weights(run, step)).max() < 1e-6 * np.abs(plane.theta).max()
    if not orthogonal:
        assert plane.marks == ((steps[0], pytest.approx(1), pytest.approx(0, abs=1e-9)), (20, *plane.marks[1][1:]))
        assert plane.marks[1][1:] == (pytest.approx(0, abs=1e-9), pytest.approx(1))


@pytest.mark.parametrize("statistics", ["population", "batch"])
def test_losses_at_the_checkpoints_are_those_of_the_trainings_themselves_d2(statistics: str) -> None:
    surface = measured(through(*SPECS[1:]), RUNS[1:], statistics=statistics, batch_size=16)
    evaluation = replace(EXACT, statistics=statistics, batch_size=16)
    for run, place in zip(RUNS, ((0, 0), (0, 2), (2, 0)), strict=True):
        assert surface.loss[place] == pytest.approx(own_loss(run, evaluation), rel=1e-9)


@pytest.mark.parametrize("statistics", ["population", "batch"])
def test_the_line_between_two_trainings_is_the_segment_of_connectivity_d13(statistics: str) -> None:
    line = measured(through(SPECS[1]), RUNS[1:2], points=(9, 1), statistics=statistics)
    segment = measure_connectivity(RUNS[0], RUNS[1:2], ConnectivitySpec(EXACT, SPECS[1:2], 9))
    assert np.array_equal(line.alpha, segment.t)
    assert line.loss[0] == pytest.approx(segment.loss[statistics], rel=1e-12)
    assert 1 - line.accuracy[0] == pytest.approx(segment.error[statistics], abs=1e-12)


def test_with_running_statistics_the_center_keeps_its_own_averages() -> None:
    surface = measured(through(SPECS[1]), RUNS[1:2], points=(3, 1), statistics="running")
    running = replace(EXACT, statistics="running")
    assert surface.loss[0, 0] == pytest.approx(own_loss(RUNS[0], running), rel=1e-9)
    assert surface.loss[0, 2] != pytest.approx(own_loss(RUNS[1], running), rel=1e-3)


def test_other_compared_values_span_a_plane_where_parameters_agree_in_shape() -> None:
    adam = small_run("batch", optimizer="adam", learning_rate=0.01)
    layer = small_run("layer", seed=3)  # also a scale and a shift for each unit
    runs = train(adam), train(layer)
    surface = measured(through(adam, layer), runs)
    assert surface.plane.mark_names[0] == "Adam, Learning rate 0.01, step 20"
    assert surface.loss[0, 2] == pytest.approx(own_loss(runs[0], EXACT), rel=1e-9)
    # the loss is that of the center's network at the weights of the other
    center = objective_of(RUNS[0], EXACT)
    assert surface.loss[2, 0] == pytest.approx(float(center.loss(weights(runs[1], 20))), rel=1e-9)


def test_trainings_that_no_plane_can_contain_are_refused_with_the_reason() -> None:
    wide, fixed = small_run("batch", model={"width": 7}), {"affine": False}
    with pytest.raises(ValueError, match=r"equal parameters; these differ in .*weight"):
        measured(through(wide), (train(wide),))
    lengths = [small_run("weight", model=fixed, seed=seed) for seed in (0, 1)]
    spec = SurfaceSpec(EXACT, through(lengths[1]))
    with pytest.raises(ValueError, match="original0, which no training moves"):
        measure_surface(train(lengths[0]), spec, others=(train(lengths[1]),))
    with pytest.raises(ValueError, match="equal those at the center"):
        measured(through(SPECS[0]), RUNS[:1])
    with pytest.raises(ValueError, match="of 1 other compared networks, and there are 0"):
        measured(PlaneSpec("checkpoints", (20,), trainings="compared"), ())
    with pytest.raises(ValueError, match="2 trainings for 1 checkpoints"):
        PlaneSpec("checkpoints", (20,), others=SPECS[1:])


def test_an_experiment_names_the_trainings_that_each_plane_passes_through() -> None:
    surface = SurfaceSpec(plane=PlaneSpec("checkpoints", (20, 20), trainings="seeds"))
    seeds = Experiment(SPECS[0], surface, values=("batch", "layer"))
    for run, own in seeds.variants().values():
        assert [other.training.seed for other in own.plane.others] == [1, 2]
        assert {other.model for other in own.plane.others} == {run.model}
    compared = replace_at(seeds, "surface.plane.trainings", "compared")
    compared = replace(compared, compare="run.training.optimizer", values=("sgd", "adam", "gradient-descent"))
    optimizers = [[other.training.optimizer for other in own.plane.others] for _, own in compared.variants().values()]
    assert optimizers == [["adam", "gradient-descent"], ["sgd", "gradient-descent"], ["sgd", "adam"]]
    alone = replace(compared, values=("sgd", "adam"))  # which are too few: the plane says so when it is measured
    assert all(own.plane.others == () for _, own in alone.variants().values())
    random = replace_at(seeds, "surface.plane.directions", "random")
    assert all(own.plane.others == () for _, own in random.variants().values())
