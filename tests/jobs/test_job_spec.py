"""A job's key changes with every field that its result depends on, and with no other."""

import json
from dataclasses import replace
from inspect import signature
from typing import Any, get_type_hints

import pytest

from normscape.jobs import Job
from normscape.jobs.job_spec import ITERATIVE, QUESTIONS, question_type
from normscape.jobs.kinds import KINDS
from normscape.specs import (
    ConnectivitySpec,
    EvaluationSpec,
    Experiment,
    ModelSpec,
    PlaneSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
    canonical_bytes,
)
from normscape.specs.fields import paths, read, replace_at
from tests.specs.test_canonical import changed

EVALUATION = {f"evaluation.{name}" for name in ("checkpoint", "split", "samples", "samples_seed", "statistics")}
EVALUATION |= {"evaluation.batch_size", "evaluation.precision"}
PLANE = {f"plane.{name}" for name in ("directions", "through", "trainings", "scaling", "orthogonal", "seed")}
SAMPLES = {"evaluation.split", "evaluation.samples", "evaluation.samples_seed", "evaluation.precision"}
MINI_BATCH = {"evaluation.statistics", "evaluation.batch_size"}

DEPENDS = {
    "run": set(),
    "losses": EVALUATION | PLANE | {"grid.points", "grid.ranges"},
    "surface": EVALUATION | PLANE | {"grid.points", "grid.ranges"},
    "plane": PLANE | {"evaluation.checkpoint"},
    "center": EVALUATION | PLANE,
    "auto-range": EVALUATION | PLANE,
    "checks": EVALUATION | PLANE | {"grid.ranges"},
    "ratio-by-spacing": EVALUATION | PLANE | {"grid.ranges"},
    "layer-ratios": EVALUATION | PLANE | {"grid.points", "grid.ranges"},
    **dict.fromkeys(ITERATIVE, EVALUATION | {"evaluation.residual"}),
    "curvature-point": EVALUATION | PLANE | {"evaluation.residual"},
    "constant-loss": set(),
    "cost": {"evaluation.split", "evaluation.samples", "evaluation.precision", "grid.points"} | MINI_BATCH,
    "smoothness": {"evaluation.checkpoint", "evaluation.precision"},
    "running-averages": SAMPLES | {"evaluation.checkpoint"},
    "signals-along": SAMPLES | MINI_BATCH,
}
"""What each kind depends on besides the run; all others on the evaluation alone."""

# mini-batches and a plane through checkpoints, so that no field is idle
SURFACE = SurfaceSpec(EvaluationSpec(checkpoint=300, statistics="batch"), PlaneSpec("checkpoints", (0,)))
OF_GRIDS = {"losses", "surface", "layer-ratios", "checks", "ratio-by-spacing"}

CASES = [(kind, path) for kind in KINDS for path, _, _ in paths(SURFACE)]


def other(path: str) -> Any:
    """The surface with one field changed."""
    if path == "plane.directions":
        return replace_at(SURFACE, path, "random")
    if path == "evaluation.statistics":
        return replace_at(SURFACE, path, "running")
    return changed(SURFACE, path)


@pytest.mark.parametrize(("kind", "path"), CASES)
def test_a_key_changes_with_what_the_result_depends_on_and_with_nothing_else(kind: str, path: str) -> None:
    run = RunSpec()
    same = Job.about(kind, run, SURFACE).key == Job.about(kind, run, other(path)).key
    assert same == (path not in DEPENDS.get(kind, EVALUATION))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["training.learning_rate", "model.width", "data.seed"])
def test_every_key_changes_with_the_run(kind: str, path: str) -> None:
    run = RunSpec()
    assert Job.about(kind, run, SURFACE).key != Job.about(kind, changed(run, path), SURFACE).key


@pytest.mark.parametrize("kind", sorted(set(KINDS) - OF_GRIDS))
def test_auto_range_invalidates_no_other_result(kind: str) -> None:
    surface = Experiment().surface
    fitted = replace_at(surface, "grid.ranges", ((-0.3, 0.3), (-0.3, 0.3)))
    assert Job.about(kind, RunSpec(), surface) == Job.about(kind, RunSpec(), fitted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("evaluation.batch_size", 32),  # population statistics
        ("plane.through", (100,)),  # random directions
    ],
)
def test_an_idle_field_leaves_every_key_alone(kind: str, path: str, value: Any) -> None:
    surface = Experiment().surface
    assert Job.about(kind, RunSpec(), surface) == Job.about(kind, RunSpec(), replace_at(surface, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("run.model.averaging", 0.5),
        ("run.model.affine", False),
        ("run.model.placement", "before"),
        ("run.model.shortcut", "pad"),
        ("run.model.depth", 2),
        ("run.data.shift", (3.0,)),
        ("run.data.gaussian.noise", 1.0),
    ],
)
def test_networks_that_are_built_equal_share_their_results(path: str, value: Any) -> None:
    plain = Experiment(RunSpec(model=ModelSpec(norm="none")))
    other = replace_at(plain, path, value)
    assert other != plain
    assert Job("run", other.run).key == Job("run", plain.run).key


def test_two_checkpoints_leave_no_random_direction_to_seed() -> None:
    surface = SurfaceSpec(plane=PlaneSpec("checkpoints", (0, 5)))
    reseeded = replace_at(surface, "plane.seed", 4)
    assert Job.about("plane", RunSpec(), surface) == Job.about("plane", RunSpec(), reseeded)


def test_a_plane_down_the_gradient_depends_on_the_evaluation() -> None:
    surface = SurfaceSpec(plane=PlaneSpec("gradient"))
    fewer = replace_at(surface, "evaluation.samples", 100)
    assert Job.about("plane", RunSpec(), surface) != Job.about("plane", RunSpec(), fewer)


def test_the_precision_of_an_experiment_reaches_what_the_page_of_learning_rates_predicts() -> None:
    exact = replace_at(Experiment(), "surface.evaluation.precision", "float64")
    ((run, surface), *_) = exact.variants().values()
    assert read(Job.about("sharpness", run, surface), "question.precision") == "float64"


def test_a_question_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="EvaluationSpec"):
        Job("sharpness", RunSpec(), Experiment().surface)
    with pytest.raises(TypeError, match="no question"):
        Job("run", RunSpec(), EvaluationSpec())
    with pytest.raises(TypeError, match="SurfaceSpec"):
        Job("surface", RunSpec())


def test_every_kind_has_a_question_type() -> None:
    assert set(QUESTIONS) == set(KINDS)
    assert question_type("run") is None
    assert question_type("sharpness") is EvaluationSpec


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'pace'.* layer-rates"):
        Job("pace", RunSpec(), EvaluationSpec())


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"run", "surface"}))
def test_the_result_of_a_kind_is_what_its_measurement_returns(kind: str) -> None:
    assert KINDS[kind].result == get_type_hints(KINDS[kind].measure)["return"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_stoppable_if_its_measurement_takes_stop(kind: str) -> None:
    assert KINDS[kind].stoppable == ("stop" in signature(KINDS[kind].measure).parameters)


def test_training_fields_are_part_of_the_run() -> None:
    run = RunSpec()
    longer = replace(run, training=TrainingSpec(steps=301))
    assert Job("run", run).key != Job("run", longer).key


def test_choices_of_a_path_are_not_written_at_their_defaults_and_matching_needs_a_chain() -> None:
    run, other = RunSpec(), RunSpec(training=TrainingSpec(seed=1))
    plain = ConnectivitySpec(EvaluationSpec(), (other,))
    assert not {"matching", "curve", "seed"} & set(json.loads(canonical_bytes(plain)))
    assert Job("connectivity", run, replace(plain, seed=3, curve_steps=7)).key == Job("connectivity", run, plain).key
    curve = replace(plain, curve="bezier")
    keys = {Job("connectivity", run, one).key for one in (plain, replace(plain, matching="weights"), curve)}
    assert len(keys) == 3
    assert Job("connectivity", run, replace(curve, curve_steps=7)).key != Job("connectivity", run, curve).key
    residual = replace(run, model=ModelSpec("residual"))
    weights = replace(plain, matching="weights", seed=3)
    assert Job("connectivity", residual, weights).key == Job("connectivity", residual, plain).key


def test_the_key_of_a_stored_segment_stays() -> None:
    run, other = RunSpec(), RunSpec(training=TrainingSpec(seed=1))
    job = Job("connectivity", run, ConnectivitySpec(EvaluationSpec(), (other,)))
    assert job.key == "dd7d3af974a7a26d62dad285788ce86af0e156459e5d73d68dd1af7cf0bec802"
