"""Block ratios against blocks of known Hessians (D5)."""

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, StoppedError, measure_layer_ratios, measure_surface
from normscape.landscape.surface import Slice
from normscape.landscape.surface.layer_ratios import measure_block_ratio
from tests.flat import sliced
from tests.landscape.networks import grid, network, samples


def test_block_ratio_matches_hessian_block_for_linear_regression_d5() -> None:
    # f is quadratic, so the ratio along Δ_l is ‖H_ll Δ_l‖/‖Δ_l‖, for weights and biases together
    x, _ = samples()
    targets = torch.randn(len(x), 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    objective = Objective(nn.Sequential(nn.Linear(4, 2)).double(), x, targets, loss="squared-error")
    spec = grid(5, 3, scaling="none")
    subject = sliced(objective, spec)
    found = measure_block_ratio(subject, spec.grid, "0")
    rows = torch.eye(len(objective.theta), dtype=torch.float64)
    hessian = np.stack([objective.hvp(objective.theta, row).numpy() for row in rows])
    for i, beta in enumerate(found.beta):
        for j, alpha in enumerate(found.alpha):
            delta = alpha * subject.plane.d1 + beta * subject.plane.d2
            assert found.step[i, j] == pytest.approx(np.linalg.norm(delta), abs=1e-12)
            if alpha or beta:
                assert found.ratio[i, j] == pytest.approx(np.linalg.norm(hessian @ delta) / np.linalg.norm(delta))
    assert np.isnan(found.ratio[1, 2])


@pytest.mark.parametrize("norm", ["none", "batch", "weight"])
def test_block_ratio_moves_only_the_layer_d5(norm: str) -> None:
    objective = Objective(network(norm), *samples())
    subject = sliced(objective, grid(3, 3))
    for layer, places in subject.layers.items():
        found = measure_block_ratio(subject, grid(3, 3).grid, layer)
        mask = np.zeros(len(objective.theta))
        for place in places:
            mask[place] = 1
        alpha, beta = found.alpha[2], found.beta[0]
        delta = mask * (alpha * subject.plane.d1 + beta * subject.plane.d2)
        if not delta.any():  # directions are 0 for a norm's scales and shifts
            assert np.isnan(found.ratio).all()
            continue
        gradients = [objective.gradient(subject.plane.theta + d).numpy() for d in (delta, 0 * delta)]
        expected = np.linalg.norm(mask * (gradients[0] - gradients[1])) / np.linalg.norm(delta)
        assert found.ratio[0, 2] == pytest.approx(expected, rel=1e-9)


def test_layer_ratios_are_largest_row_and_block_ratios_d5() -> None:
    objective = Objective(network("batch"), *samples())
    spec = grid(3, 3)
    subject = sliced(objective, spec)
    found = measure_layer_ratios(subject, spec.grid)
    surface = measure_surface(objective, spec)
    away = surface.step > 0
    assert list(found) == list(surface.layers)
    for k, (layer, (row, block)) in enumerate(found.items()):
        assert row == pytest.approx(surface.layer_ratio[k][away].max(), rel=1e-12)
        alone = measure_block_ratio(subject, spec.grid, layer).ratio
        assert np.isnan(block) if np.isnan(alone).all() else block == np.nanmax(alone)


def test_unknown_layer_and_stop_raise() -> None:
    subject = sliced(Objective(network(), *samples()), grid())
    with pytest.raises(ValueError, match=r"unknown layer 'layer9'; the layers are layer1\.linear, layer1\.norm"):
        measure_block_ratio(subject, grid().grid, "layer9")
    with pytest.raises(StoppedError):
        measure_block_ratio(subject, grid().grid, "layer1.linear", stop=lambda: True)
    seen: list[tuple[int, int]] = []
    measure_block_ratio(subject, grid().grid, "layer1.linear", on_progress=lambda *counts: seen.append(counts))
    assert seen == [(done, 9) for done in range(9)]
    assert isinstance(subject, Slice)
