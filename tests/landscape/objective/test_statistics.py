"""The three statistics modes, by hand and against a plain forward pass (science.md §0, D1)."""

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, direct_loss, measure_surface, train
from tests.landscape.networks import batch_size_for, grid, network, samples, small_run

MODES = ("population", "batch", "running")
CASES = [
    *itertools.product(("none", "batch", "layer"), ("before", "after"), (True, False), MODES, ("relu", "gelu")),
    *itertools.product(("quadratic-mean",), ("before", "after"), (True, False), MODES, ("gelu",)),
]


def reference(module: nn.Module, theta: torch.Tensor, statistics: str, size: int) -> tuple[float, float, torch.Tensor]:
    """Return loss, accuracy and gradient from a copy of the module with assigned weights."""
    x, y = samples()
    copied = copy.deepcopy(module).train(statistics != "running")
    nn.utils.vector_to_parameters(theta, copied.parameters())
    loss, hits = 0.0, 0
    for a, b in zip(x.split(size), y.split(size), strict=True):
        outputs = copied(a)
        loss = loss - (torch.log_softmax(outputs, 1)[torch.arange(len(b)), b]).sum() / len(x)
        hits += int((outputs.max(1).indices == b).sum())
    loss.backward()
    return loss.item(), hits / len(x), torch.cat([p.grad.flatten() for p in copied.parameters()])


@pytest.mark.parametrize(("norm", "placement", "affine", "statistics", "activation"), CASES)
def test_surface_matches_module_with_assigned_weights_d1(
    norm: str, placement: str, affine: bool, statistics: str, activation: str
) -> None:
    module = network(norm, placement=placement, affine=affine, activation=activation)
    size = batch_size_for(statistics) or 23
    objective = Objective(module, *samples(), statistics=statistics, batch_size=batch_size_for(statistics))
    surface = measure_surface(objective, grid(3, 2, scaling="none", seed=4))
    plane = surface.plane
    _, _, anchor = reference(module, torch.tensor(plane.theta), statistics, size)
    for (row, beta), (column, alpha) in itertools.product(enumerate(surface.beta), enumerate(surface.alpha)):
        point = torch.tensor(plane.theta + alpha * plane.d1 + beta * plane.d2)
        loss, accuracy, gradient = reference(module, point, statistics, size)
        step = np.linalg.norm(alpha * plane.d1 + beta * plane.d2)
        assert surface.loss[row, column] == pytest.approx(loss, rel=1e-9)
        assert surface.accuracy[row, column] == accuracy
        assert surface.gradient_norm[row, column] == pytest.approx(gradient.norm().item(), rel=1e-9)
        ratio = (gradient - anchor).norm().item() / step
        assert surface.gradient_change_ratio[row, column] == pytest.approx(ratio, rel=1e-9)


class OneNorm(nn.Module):
    """w · batch norm of x, for values that can be computed by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(1, affine=False, eps=1e-300)  # effectively ε = 0, which torch does not allow
        self.weight = nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * self.norm(x)


X = np.array([[0.0], [2.0], [4.0], [10.0], [20.0]])
Y = np.zeros((5, 1))


@pytest.mark.parametrize(
    ("statistics", "size", "outputs"),
    [
        # mean 7.2, biased variance (0+4+16+100+400)/5 - 7.2² = 52.16
        ("population", None, (X[:, 0] - 7.2) / np.sqrt(52.16)),
        # {0, 2, 4}: mean 2, variance 8/3; {10, 20}: mean 15, variance 25
        ("batch", 3, np.array([-2 / np.sqrt(8 / 3), 0, 2 / np.sqrt(8 / 3), -1, 1])),
        # stored: mean 1, variance 4
        ("running", None, (X[:, 0] - 1) / 2),
    ],
)
def test_statistics_modes_match_values_by_hand_d1(statistics: str, size: int | None, outputs: np.ndarray) -> None:
    module = OneNorm().double()
    module.norm.running_mean[:], module.norm.running_var[:] = 1.0, 4.0
    targets = Y + 0.5
    objective = Objective(module, X, targets, loss="squared-error", statistics=statistics, batch_size=size)
    results = objective.evaluate(np.array([3.0]))
    assert results.loss == pytest.approx(np.mean((3 * outputs - 0.5) ** 2), rel=1e-13)
    # ∂/∂w mean (w·o - ½)² = 2 mean (w·o - ½)·o: the smaller last batch is weighted by its size
    assert results.gradient.item() == pytest.approx(2 * np.mean((3 * outputs - 0.5) * outputs), rel=1e-13)
    assert float(objective.loss(np.array([3.0]))) == pytest.approx(results.loss, rel=1e-15)


@pytest.mark.parametrize("sizes", [(23, 23), (8, 8), (50, 23)])
def test_batch_of_whole_set_equals_population_d1(sizes: tuple[int, int]) -> None:
    module = network("batch")
    batch = Objective(module, *samples(), statistics="batch", batch_size=sizes[0])
    whole = Objective(module, *samples())
    same = batch.loss(batch.theta).item() == pytest.approx(whole.loss(whole.theta).item(), rel=1e-13)
    assert same == (sizes[0] >= 23)


def test_gradient_includes_derivative_of_statistics_d1() -> None:
    module = network("batch", activation="tanh")
    objective = Objective(module, *samples())
    step = 1e-6 * torch.randn(len(objective.theta), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    change = objective.loss(objective.theta + step) - objective.loss(objective.theta - step)
    assert float(change) == pytest.approx(float(2 * objective.gradient(objective.theta) @ step), rel=1e-6)


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_statistics_modes_agree_without_batch_norm_d1(norm: str) -> None:
    results = [
        Objective(network(norm), *samples(), statistics=mode, batch_size=batch_size_for(mode, 22)) for mode in MODES
    ]  # 22 leaves a last mini-batch of one sample, which these norms accept
    losses = [float(objective.loss(objective.theta)) for objective in results]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-13)


@pytest.mark.parametrize(
    ("count", "statistics", "size"), [(23, "batch", 22), (23, "batch", 2), (1, "population", None)]
)
def test_batch_of_one_sample_raises_with_sizes_d1(count: int, statistics: str, size: int | None) -> None:
    with pytest.raises(ValueError, match=rf"{count} samples.*{size or count}"):
        Objective(network("batch"), *samples(count), statistics=statistics, batch_size=size)


def test_running_statistics_work_for_one_sample_and_many_batches_d1() -> None:
    module = network("batch")
    single = Objective(module, *samples(1), statistics="running")
    assert np.isfinite(single.evaluate(single.theta).loss)
    x, y = samples(1025)  # several batches; the last has one sample
    objective = Objective(module, x, y, statistics="running")
    expected = nn.functional.cross_entropy(module.eval()(x), y).item()
    assert float(objective.loss(objective.theta)) == pytest.approx(expected, rel=1e-13)


def test_running_mode_without_running_averages_raises_d1() -> None:
    # such a layer would normalize with the statistics of each micro-batch, a fourth mode
    module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, track_running_stats=False)).double()
    with pytest.raises(ValueError, match="running"):
        Objective(module, *samples(), statistics="running")


@pytest.mark.parametrize("statistics", MODES)
@pytest.mark.parametrize("split", ["train", "held-out"])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_loss_at_center_equals_direct_loss(norm: str, split: str, statistics: str) -> None:
    run = train(small_run(norm))
    spec = grid(1, 1, statistics=statistics, split=split, precision="float64", batch_size=9)
    assert measure_surface(run, spec).loss[0, 0] == pytest.approx(direct_loss(run, spec.evaluation), rel=1e-12)
