"""Counts of what a pass keeps, and the division of an evaluation set that follows from them."""

import pytest
import torch
from torch import nn

from normscape.landscape.objective import batching
from normscape.landscape.objective.batching import GRADIENT_MEMORY, Passes, passes_of
from normscape.landscape.objective.counting import Saved, count_activations, count_saved, largest_output
from normscape.specs import EvaluationSpec


@pytest.mark.parametrize(
    ("module", "inputs", "saved"),
    [
        (nn.Linear(5, 7), 5, 5),  # its input
        (nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3)), 5, 5 + 7),  # the ReLU's output is the next input
        (nn.Sequential(nn.Linear(5, 7), nn.GELU(), nn.Linear(7, 3)), 5, 5 + 7 + 7),
        (nn.utils.parametrizations.weight_norm(nn.Linear(50, 70)), 50, 50),  # weights do not count
    ],
)
def test_saved_values_are_counted_per_sample(module: nn.Module, inputs: int, saved: int) -> None:
    assert count_saved(module, torch.randn(9, inputs)[:2]).kept == saved
    assert count_saved(module.to("meta"), torch.empty(3, inputs, device="meta")).kept == saved


def test_activations_and_the_largest_of_them_are_counted_per_sample() -> None:
    module = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))
    assert count_activations(module, torch.zeros(4, 5)) == 7 + 7 + 3
    assert largest_output(module, torch.zeros(4, 5)) == 7


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (10**9, Passes(100, 100)),
        (int(4 * GRADIENT_MEMORY * 1000 * 100), Passes(100, 64)),
        (int(4 * GRADIENT_MEMORY * 1000 * 100) - 1, Passes(64, 64)),
    ],
)
def test_one_pass_is_the_rule_wherever_it_fits(monkeypatch: pytest.MonkeyPatch, limit: int, expected: Passes) -> None:
    monkeypatch.setattr(batching, "ONE_PASS_BYTES", limit)
    assert passes_of(EvaluationSpec(samples=100), 100, Saved(1000, 500), 10_000) == expected


def test_without_statistics_over_samples_a_pass_has_a_fixed_size() -> None:
    spec = EvaluationSpec(samples=5000, statistics="running")
    assert passes_of(spec, 5000, Saved(10**6, 2**14), 3072) == Passes(256, 256)
