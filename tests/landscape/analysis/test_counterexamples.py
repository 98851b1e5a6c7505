"""The one-weight counterexample, against automatic differentiation of its loss."""

import pytest
import torch

from normscape.landscape.analysis.counterexamples import INPUTS, SHARES, logistic_counterexample


def curvature(shift: float, weight: float) -> float:
    x = torch.tensor(INPUTS, dtype=torch.float64)
    often = torch.tensor(SHARES, dtype=torch.float64)
    w = torch.tensor(weight, dtype=torch.float64, requires_grad=True)
    constant = weight * shift  # keeps the function at this w
    loss = (often * torch.nn.functional.softplus(-(w * (x - shift) + constant))).sum()
    (first,) = torch.autograd.grad(loss, w, create_graph=True)
    return float(torch.autograd.grad(first, w)[0])


@pytest.mark.parametrize("weight", [1.0, 0.1, -0.3])
def test_curvatures_match_automatic_differentiation(weight: float) -> None:
    found = logistic_counterexample(weight=weight)
    assert found.curvature_raw == pytest.approx(curvature(0.0, weight), rel=1e-6)
    assert found.curvature_centered == pytest.approx(curvature(found.mean, weight), rel=1e-9)
    assert curvature(found.weighted_mean, weight) <= min(found.curvature_raw, found.curvature_centered) * (1 + 1e-9)


def test_moment_falls_from_40_to_36_and_curvature_rises_from_8e_8_to_0_9() -> None:
    found = logistic_counterexample()
    assert (found.raw, found.centered) == pytest.approx((40.0, 36.0))
    assert found.curvature_raw == pytest.approx(8.2e-8, rel=0.01)
    assert found.curvature_centered == pytest.approx(0.90, rel=0.001)


def test_invalid_shares_raise() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        logistic_counterexample((0.0, 1.0), (0.5, 0.6))
