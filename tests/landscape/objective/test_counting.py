"""Counts of what a pass keeps, and the division of an evaluation set that follows from them."""

import pytest
import torch
from torch import nn

from normscape.landscape.objective import batching
from normscape.landscape.objective.batching import (
    GRADIENT_MEMORY,
    LOSS_MEMORY,
    PRODUCT_MEMORY,
    Passes,
    measuring_bytes,
    passes_of,
)
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


HELD = ((1, 300), (4, 100))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (10**9, Passes(100, 100, 100)),
        (int(4 * GRADIENT_MEMORY * 1000 * 100), Passes(100, 100, 10)),
        (int(4 * GRADIENT_MEMORY * 1000 * 100) - 1, Passes(100, 10, 10)),
        (4 * LOSS_MEMORY * 100 * 100 - 1, Passes(10, 10, 10, 4)),  # twice 100 values per sample fit, twice 300 do not
        (4 * 2 * 100 * 100 - 1, Passes(64, 64, 64, 0)),
    ],
)
def test_one_pass_is_the_rule_wherever_it_fits(monkeypatch: pytest.MonkeyPatch, limit: int, expected: Passes) -> None:
    monkeypatch.setattr(batching, "ONE_PASS_BYTES", limit)
    monkeypatch.setattr(batching, "VALUES_PER_PASS", 1000)
    assert passes_of(EvaluationSpec(samples=100), 100, Saved(1000, 100, HELD), 10_000) == expected


def test_memory_over_tiles_counts_what_is_held_for_all_samples() -> None:
    saved = Saved(1000, 50, HELD)
    one_pass, tiled = Passes(100, 100, 100), Passes(100, 20, 20, 4)
    assert measuring_bytes(saved, one_pass, 100, "float32") == 4 * PRODUCT_MEMORY * 1000 * 100
    assert measuring_bytes(saved, tiled, 100, "float64") == 8 * (PRODUCT_MEMORY * 1000 * 20 + 2 * 100 * 100)


def test_held_values_are_what_lives_between_segments() -> None:
    module = nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 3), nn.BatchNorm1d(3))
    assert count_saved(module.eval(), torch.zeros(2, 5)).held == ((1, 5 + 7 + 3), (2, 5 + 3 + 7))
    assert count_saved(module.to("meta"), torch.empty(2, 5, device="meta")).held == ((1, 15), (2, 15))


def test_without_statistics_over_samples_a_pass_has_a_fixed_size() -> None:
    spec = EvaluationSpec(samples=5000, statistics="running")
    assert passes_of(spec, 5000, Saved(10**6, 2**14), 3072) == Passes(256, 256, 162)
    spec = EvaluationSpec(samples=5000)
    assert passes_of(spec, 5000, Saved(10**6, 2**14), 3072, coupled=False) == Passes(256, 256, 162)
