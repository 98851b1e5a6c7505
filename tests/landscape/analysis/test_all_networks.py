"""Every step of the analysis on every architecture: invariants that hold for any network."""

import numpy as np
import pytest
import torch

from normscape.landscape import Objective
from normscape.landscape.analysis.batch_statistics import measure_batch_statistics
from normscape.landscape.analysis.cauchy_schwarz import measure_cauchy_schwarz
from normscape.landscape.analysis.derivatives import measure_derivatives
from normscape.landscape.analysis.distributions import measure_distributions
from normscape.landscape.analysis.gradient_growth import measure_gradient_growth
from normscape.landscape.analysis.second_moments import measure_second_moments
from normscape.landscape.analysis.theorem import measure_theorem
from normscape.models import ARCHITECTURES, NORMALIZATIONS, build_model, idle_fields, refusal
from normscape.specs import ModelSpec

SIZES = {
    "perceptron": {"depth": 2, "width": 4},
    "deep-linear": {"depth": 3, "width": 4},
    "convolutional": {"width": 4},
    "residual": {"depth": 8, "width": 4},
    "transformer": {"depth": 1, "width": 8},
}

ESSENTIAL = ("none", "batch", "layer", "weight")
"""Normalizations of each kind: of nothing, of batches, of samples, of weights. The others are among the slow tests."""


@pytest.mark.parametrize("placement", ["before", "after"])
@pytest.mark.parametrize(
    "norm", [pytest.param(norm, marks=[] if norm in ESSENTIAL else [pytest.mark.slow]) for norm in NORMALIZATIONS]
)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_invariants_hold_for_every_network(architecture: str, norm: str, placement: str) -> None:
    spec = ModelSpec(architecture, norm=norm, placement=placement, **SIZES[architecture])
    if (placement == "before" and "placement" in idle_fields(spec)) or refusal(spec, (1, 8, 8)) is not None:
        pytest.skip("the same network, or none")
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(8, 1, 8, 8, generator=generator, dtype=torch.float64)
    module = build_model(spec, (1, 8, 8), 3, seed=1).double()
    objective = Objective(module, x, torch.randint(3, (8,), generator=generator))
    moments = measure_second_moments(objective)
    for one in moments.layers:
        assert 0 <= one.centered <= one.raw * (1 + 1e-12)
        assert one.standardized <= one.inputs
    for one in measure_cauchy_schwarz(objective).layers:
        assert (one.left <= one.right * (1 + 1e-10) + 1e-300).all()
        assert (one.left_centered <= one.right_centered * (1 + 1e-6) + 1e-12).all()
    found = measure_distributions(objective)
    assert all(layer.shares.sum() == pytest.approx(1.0) for layer in found.layers)
    assert found.shifts[0].distance == 0
    assert all(-1 - 1e-9 <= shift.cosine <= 1 + 1e-9 for shift in found.shifts if np.isfinite(shift.cosine))
    for one in measure_theorem(objective).layers:
        assert np.nanmax(one.ratio) <= 1 + 1e-9
        assert np.nanmax(one.difference) < 1e-8
    if (architecture, norm) != ("transformer", "batch"):  # whose batch norm sees N T tokens, and A11 draws N of them
        for layer in measure_batch_statistics(objective).layers:
            # post-norm instance norm over tokens, then the mean over tokens: no output varies with the sample
            constant = (architecture, norm, placement, layer.layer) == ("transformer", "instance", "after", "linear")
            assert np.isnan(layer.error[-1]) if constant else layer.error[-1] == pytest.approx(0, abs=1e-7)
    growth = measure_gradient_growth(objective)
    assert growth.layers == tuple(layer.layer for layer in moments.layers)
    assert np.isfinite(growth.size).all()
    assert measure_derivatives(objective).largest_output <= np.sqrt(2)
