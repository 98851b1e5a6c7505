"""The three statistics modes: by hand, and against a plain pass of the module itself (science.md §0, D1)."""

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, direct_loss, measure_surface, train
from tests.landscape.networks import batch_of, grid, network, samples, small_run

MODES = ("population", "batch", "running")
CASES = list(itertools.product(("none", "batch", "layer"), ("before", "after"), (True, False), MODES, ("relu", "gelu")))


def by_hand(module: nn.Module, theta: torch.Tensor, statistics: str, size: int) -> tuple[float, float, torch.Tensor]:
    """Loss, accuracy and gradient by writing weights into a copy and calling it, as one would without this product."""
    x, y = samples()
    written = copy.deepcopy(module).train(statistics != "running")
    nn.utils.vector_to_parameters(theta, written.parameters())
    loss, hits = 0.0, 0
    for a, b in zip(x.split(size), y.split(size), strict=True):
        outputs = written(a)
        loss = loss - (torch.log_softmax(outputs, 1)[torch.arange(len(b)), b]).sum() / len(x)
        hits += int((outputs.max(1).indices == b).sum())
    loss.backward()
    return loss.item(), hits / len(x), torch.cat([p.grad.flatten() for p in written.parameters()])


@pytest.mark.parametrize(("norm", "placement", "affine", "statistics", "activation"), CASES)
def test_a_surface_is_that_of_the_written_module_d1(
    norm: str, placement: str, affine: bool, statistics: str, activation: str
) -> None:
    module = network(norm, placement=placement, affine=affine, activation=activation)
    size = batch_of(statistics) or 23
    objective = Objective(module, *samples(), statistics=statistics, batch_size=batch_of(statistics))
    surface = measure_surface(objective, grid(3, 2, scaling="none", seed=4))
    plane = surface.plane
    _, _, anchor = by_hand(module, torch.tensor(plane.theta), statistics, size)
    for (row, beta), (column, alpha) in itertools.product(enumerate(surface.beta), enumerate(surface.alpha)):
        point = torch.tensor(plane.theta + alpha * plane.d1 + beta * plane.d2)
        loss, accuracy, gradient = by_hand(module, point, statistics, size)
        step = np.linalg.norm(alpha * plane.d1 + beta * plane.d2)
        assert surface.loss[row, column] == pytest.approx(loss, rel=1e-9)
        assert surface.accuracy[row, column] == accuracy
        assert surface.gradient_norm[row, column] == pytest.approx(gradient.norm().item(), rel=1e-9)
        ratio = (gradient - anchor).norm().item() / step
        assert surface.gradient_change_ratio[row, column] == pytest.approx(ratio, rel=1e-9)


class OneNorm(nn.Module):
    """w · batch norm of x, for values that can be computed on paper."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(1, affine=False, eps=1e-300)  # ε = 0 in effect; torch refuses 0
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
def test_the_three_modes_against_values_by_hand_d1(statistics: str, size: int | None, outputs: np.ndarray) -> None:
    module = OneNorm().double()
    module.norm.running_mean[:], module.norm.running_var[:] = 1.0, 4.0
    targets = Y + 0.5
    objective = Objective(module, X, targets, loss="squared-error", statistics=statistics, batch_size=size)
    found = objective.evaluate(np.array([3.0]))
    assert found.loss == pytest.approx(np.mean((3 * outputs - 0.5) ** 2), rel=1e-13)
    # ∂/∂w mean (w·o - ½)² = 2 mean (w·o - ½)·o: the last, smaller batch counts by its size, not as a whole batch
    assert found.gradient.item() == pytest.approx(2 * np.mean((3 * outputs - 0.5) * outputs), rel=1e-13)
    assert float(objective.loss(np.array([3.0]))) == pytest.approx(found.loss, rel=1e-15)


@pytest.mark.parametrize("sizes", [(23, 23), (8, 8), (50, 23)])
def test_a_batch_as_large_as_the_set_is_the_population_d1(sizes: tuple[int, int]) -> None:
    module = network("batch")
    batch = Objective(module, *samples(), statistics="batch", batch_size=sizes[0])
    whole = Objective(module, *samples())
    same = batch.loss(batch.theta).item() == pytest.approx(whole.loss(whole.theta).item(), rel=1e-13)
    assert same == (sizes[0] >= 23)


def test_gradients_flow_through_the_statistics_d1() -> None:
    module = network("batch", activation="tanh")
    objective = Objective(module, *samples())
    step = 1e-6 * torch.randn(len(objective.theta), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    change = objective.loss(objective.theta + step) - objective.loss(objective.theta - step)
    assert float(change) == pytest.approx(float(2 * objective.gradient(objective.theta) @ step), rel=1e-6)


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_without_batch_norm_the_three_modes_agree_d1(norm: str) -> None:
    found = [
        Objective(network(norm), *samples(), statistics=mode, batch_size=batch_of(mode, 22)) for mode in MODES
    ]  # 22 leaves a last mini-batch of one sample, which these norms may have
    losses = [float(objective.loss(objective.theta)) for objective in found]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-13)


@pytest.mark.parametrize(
    ("count", "statistics", "size"), [(23, "batch", 22), (23, "batch", 2), (1, "population", None)]
)
def test_batch_statistics_of_one_sample_are_refused_with_the_numbers_d1(
    count: int, statistics: str, size: int | None
) -> None:
    with pytest.raises(ValueError, match=rf"{count} samples.*{size or count}"):
        Objective(network("batch"), *samples(count), statistics=statistics, batch_size=size)


def test_running_averages_of_one_sample_or_of_many_passes_are_fine_d1() -> None:
    module = network("batch")
    single = Objective(module, *samples(1), statistics="running")
    assert np.isfinite(single.evaluate(single.theta).loss)
    x, y = samples(1025)  # more than one tile, and the last holds one sample
    objective = Objective(module, x, y, statistics="running")
    expected = nn.functional.cross_entropy(module.eval()(x), y).item()
    assert float(objective.loss(objective.theta)) == pytest.approx(expected, rel=1e-13)


def test_running_mode_of_a_layer_without_averages_is_refused_d1() -> None:
    # such a layer would take the statistics of whatever tile it is given: a fourth mode that nobody asked for
    module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, track_running_stats=False)).double()
    with pytest.raises(ValueError, match="running"):
        Objective(module, *samples(), statistics="running")


@pytest.mark.parametrize("statistics", MODES)
@pytest.mark.parametrize("split", ["train", "held-out"])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_the_centre_of_a_run_is_its_direct_loss(norm: str, split: str, statistics: str) -> None:
    run = train(small_run(norm))
    spec = grid(1, 1, statistics=statistics, split=split, precision="float64", batch_size=9)
    assert measure_surface(run, spec).loss[0, 0] == pytest.approx(direct_loss(run, spec.evaluation), rel=1e-12)
