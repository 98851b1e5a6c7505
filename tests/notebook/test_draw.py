from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import pytest
import torch
from torch import nn

import normscape
from normscape import Problem, RunSpec, compare, draw, figures_of, train
from normscape.notebook import PUBLIC
from normscape.specs import EvaluationSpec, ModelSpec, TrainingSpec
from tests.landscape.networks import small_run

NORMS = ("none", "batch")
OF_RUNS = (
    "measure_sharpness_along",
    "measure_smoothness_along",
    "measure_signals_along",
    "measure_running_averages",
    "measure_spacing",
)
LONG = ("measure_sharpness_along", "measure_smoothness_along", "measure_spacing")
OF_OBJECTIVES = sorted(
    name for name, module in PUBLIC.items() if module.startswith("normscape.landscape.analysis.") and "measure_" in name
)


@pytest.fixture(scope="module")
def runs() -> Mapping[str, Any]:
    training = TrainingSpec(steps=8, checkpoints=(0, 4, 8))
    return {norm: train(RunSpec(model=ModelSpec(width=8, depth=2, norm=norm), training=training)) for norm in NORMS}


def assert_every_figure_is_drawn(results: Any, **options: Any) -> None:
    """Draw every figure without one further argument, and require data and a sentence."""
    names = figures_of(results)
    assert names
    for name, sentence in names.items():
        drawn = draw(results, name, **options)
        figures = list(drawn.values()) if isinstance(drawn, Mapping) else [drawn]
        assert figures, name
        assert all(isinstance(one, go.Figure) and len(one.data) for one in figures), name
        assert sentence.endswith(".")
        assert sentence[0].isupper()


def test_every_public_name_exists() -> None:
    for name in PUBLIC:
        assert callable(getattr(normscape, name))
    assert sorted(PUBLIC) == dir(normscape)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = normscape.nothing


@pytest.mark.parametrize(
    "measure", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in OF_RUNS]
)
def test_results_of_runs_are_drawn_in_one_call(runs: Mapping[str, Any], measure: str) -> None:
    options = {"samples": 200} if measure in OF_RUNS[:1] + OF_RUNS[2:4] else {}
    assert_every_figure_is_drawn({k: getattr(normscape, measure)(run, **options) for k, run in runs.items()})


@pytest.mark.parametrize("measure", OF_OBJECTIVES)
def test_every_step_of_the_argument_is_drawn_in_one_call(runs: Mapping[str, Any], measure: str) -> None:
    objectives = {k: normscape.objective_of(run, EvaluationSpec(samples=200)) for k, run in runs.items()}
    assert_every_figure_is_drawn({k: getattr(normscape, measure)(one) for k, one in objectives.items()}, theme="dark")


def test_surfaces_runs_and_their_seeds_are_drawn(runs: Mapping[str, Any]) -> None:
    assert_every_figure_is_drawn(runs)
    compared = compare(runs, points=3, progress=False)
    assert_every_figure_is_drawn(compared)
    assert compared.loss == "cross-entropy"
    surface = compared.surfaces["none"]
    assert surface.spec.evaluation.samples == 1438  # all training samples of the digits
    assert_every_figure_is_drawn({"none": [surface, surface]})
    assert draw(compared, "cuts", metric="gradient-norm", scale="linear") != draw(compared, "cuts")


@pytest.mark.slow
def test_curvature_is_drawn(runs: Mapping[str, Any]) -> None:
    objective = normscape.objective_of(runs["batch"], EvaluationSpec(samples=200))
    assert_every_figure_is_drawn(normscape.measure_spectrum(objective, largest=2, smallest=1, probes=2, steps=4))
    found = normscape.measure_curvature_map(objective, points=3, radius=0.5)
    assert_every_figure_is_drawn(found)
    top = normscape.measure_sharpness(objective).value
    assert found.points[(0.0, 0.0)].largest == pytest.approx(top, rel=1e-3)


def test_learning_rates_are_classified_and_drawn(runs: Mapping[str, Any]) -> None:
    found = {k: normscape.measure_learning_rates(run.spec, rates=(1e-3, 1e5)) for k, run in runs.items()}
    assert found["none"].outcomes[0].outcome == "not learned"
    assert found["none"].largest_stable == 0
    assert found["batch"].threshold > 0
    assert_every_figure_is_drawn(found)


def test_paths_of_runs_and_of_own_networks_are_drawn(runs: Mapping[str, Any]) -> None:
    assert_every_figure_is_drawn({k: normscape.measure_path(run, points=3) for k, run in runs.items()})
    torch.manual_seed(0)
    network, data = nn.Linear(4, 3), (torch.randn(30, 4), torch.arange(30) % 3)
    states = [copy.deepcopy(network.state_dict())]
    for _ in range(3):
        with torch.no_grad():
            network.weight += torch.randn(3, 4)
        states.append(copy.deepcopy(network.state_dict()))
    problem = Problem(network, data)
    found = normscape.measure_path(problem, states, points=3)
    assert_every_figure_is_drawn(found)
    assert_every_figure_is_drawn(found.trajectory)
    segment = normscape.measure_connectivity(problem, states[0], states[-1], points=3)
    assert_every_figure_is_drawn(segment)
    assert_every_figure_is_drawn({"linear": [segment, segment]})


def test_the_loss_on_a_map_of_a_path_is_that_of_its_checkpoints() -> None:
    torch.manual_seed(0)
    network, data = nn.Linear(2, 2, bias=False), (torch.randn(30, 2), torch.arange(30) % 2)
    states = [{"weight": torch.tensor([[1.0, 0.0], [0.0, 1.0]]) * k} for k in (3.0, 2.0, 0.0)]
    found = normscape.measure_path(Problem(network, data), states, points=5)
    path = found.trajectory.paths[0]
    assert path.loss[-1] == pytest.approx(0.6931472, rel=1e-5)  # all outputs are 0 there
    assert found.loss is not None
    assert found.alpha[0] < path.coordinates[:, 0].min() < path.coordinates[:, 0].max() < found.alpha[-1]


def test_lines_and_planes_between_trainings_pass_through_them_and_are_drawn() -> None:
    specs = [small_run("batch", seed=seed) for seed in range(3)]
    trained = [normscape.train(spec) for spec in specs]
    samples = normscape.load_data(specs[0].data).train
    inputs, targets = torch.tensor(samples.inputs(slice(None))).float(), torch.tensor(samples.targets)
    problem = Problem(trained[0].module(), (inputs, targets))
    states = [run.module().state_dict() for run in trained]
    losses = [normscape.objective_of(run, EvaluationSpec(checkpoint=20)) for run in trained]
    own = [float(objective.loss(objective.theta)) for objective in losses]
    for subject in ((trained,), (problem, states)):
        plane = normscape.measure_between(*subject, points=5)
        assert (plane.alpha[1], plane.alpha[3]) == (0, 1)
        assert [plane.loss[1, 1], plane.loss[1, 3], plane.loss[3, 1]] == pytest.approx(own, rel=1e-5)
        assert_every_figure_is_drawn({"plane": plane, "again": plane})
    for subject in ((trained[:2],), (problem, states[:2])):
        line = normscape.measure_between(*subject, points=5)
        assert line.loss.shape == (1, 5)
        assert line.loss[0, [1, 3]] == pytest.approx(own[:2], rel=1e-5)
        assert_every_figure_is_drawn({"line": line, "again": line})
    start = normscape.measure_between(trained[:2], steps=(20, 0), points=3, margin=0)
    first = normscape.objective_of(trained[1], EvaluationSpec(checkpoint=0))
    assert start.loss[0, -1] == pytest.approx(float(first.loss(first.theta)), rel=1e-5)
    with pytest.raises(ValueError, match="there are 1 trainings; a line contains two"):
        normscape.measure_between(trained[:1])
    with pytest.raises(ValueError, match="state 1 equal those of the first"):
        normscape.measure_between(problem, [states[0], states[0]])


def test_what_cannot_be_drawn_is_said_with_the_choices(runs: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match="no figure 'surfaces' of this result; there are loss, accuracy"):
        draw(runs, "surfaces")
    with pytest.raises(ValueError, match="theme is 'blue'; it must be one of light, dark"):
        draw(runs, theme="blue")
    with pytest.raises(ValueError, match="no result to draw"):
        draw({})
    with pytest.raises(TypeError, match="there is no figure of int; there are figures of Surface"):
        draw(3)
    with pytest.raises(TypeError, match=r"^own: pass the evaluation set"):
        compare({"own": nn.Linear(2, 2)})
