"""Why batch norm is less smooth on standardized digits: it divides by standard deviations below 1.

The explanation on *Along training*, with plain torch: effective smoothness (D9) of a mini-batch at initialization.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from normscape.landscape import load_data, train
from normscape.specs import DataSpec, ModelSpec, RunSpec, TrainingSpec

BATCH, RATE = 64, 0.05


def network(scaling: str, norm: str) -> tuple[nn.Module, Tensor, Tensor]:
    """Return an untrained network in training mode, with the first mini-batch of digits."""
    run = RunSpec(DataSpec(scaling=scaling), ModelSpec(norm=norm), TrainingSpec(steps=0, recorded_samples=2))
    samples = load_data(run.data).train
    inputs, targets = samples.inputs(slice(0, BATCH)), samples.targets[:BATCH]
    return train(run).module(0).double().train(), torch.tensor(inputs), torch.tensor(targets)


def norms(module: nn.Module) -> Iterator[nn.Module]:
    return (one for one in module.modules() if "BatchNorm" in type(one).__name__)


def deviations(module: nn.Module, inputs: Tensor) -> list[Tensor]:
    """Return the standard deviations that every batch norm divides by."""
    found: list[Tensor] = []
    hooks = [
        one.register_forward_pre_hook(lambda _, own: found.append(own[0].detach().std(0, unbiased=False)))
        for one in norms(module)
    ]
    module(inputs)
    for hook in hooks:
        hook.remove()
    return found


def smoothness(module: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    """Return the largest gradient change per unit of distance over four steps along the gradient."""
    weights = list(module.parameters())

    def gradient() -> list[Tensor]:
        return list(torch.autograd.grad(nn.functional.cross_entropy(module(inputs), targets), weights))

    start, before = [one.detach().clone() for one in weights], gradient()
    length = torch.cat([one.flatten() for one in before]).norm()
    found = []
    for rate in (0.5 * RATE, RATE, 2 * RATE, 4 * RATE):
        with torch.no_grad():
            for weight, first, slope in zip(weights, start, before, strict=True):
                weight.copy_(first - rate * slope)
        change = torch.cat([(a - b).flatten() for a, b in zip(gradient(), before, strict=True)]).norm()
        found.append(float(change / (rate * length)))
    with torch.no_grad():
        for weight, first in zip(weights, start, strict=True):
            weight.copy_(first)
    return max(found)


def test_batch_norm_divides_by_less_than_one_on_standardized_digits_and_by_more_on_raw_ones() -> None:
    module, inputs, _ = network("standardized", "batch")
    assert all(float(one.mean()) < 0.7 for one in deviations(module, inputs))
    module, inputs, _ = network("raw", "batch")
    assert float(deviations(module, inputs)[0].mean()) > 2


@pytest.mark.parametrize(("scaling", "smoother"), [("standardized", False), ("raw", True)])
def test_these_divisors_decide_which_network_is_smoother(scaling: str, smoother: bool) -> None:
    none, batch = (network(scaling, norm) for norm in ("none", "batch"))
    assert (smoothness(*batch) < smoothness(*none)) == smoother


def test_multiplied_by_them_again_batch_norm_is_smoother_than_no_normalization() -> None:
    """With γ = σ the outputs keep their spread (the numbers in the text of the page)."""
    batch = network("standardized", "batch")
    module, inputs, _ = batch
    with_one = smoothness(*batch)
    for number, one in enumerate(norms(module)):  # in the order of layers: each changes what the next one gets
        with torch.no_grad():
            one.weight.copy_(deviations(module, inputs)[number])
    with_deviation, none = smoothness(*batch), smoothness(*network("standardized", "none"))
    assert (with_one, with_deviation, none) == pytest.approx((5.27, 1.12, 1.63), abs=0.01)
