"""Scale-free curvature is invariant under rescaling; raw curvature scales by a known power (D8)."""

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, measure_sharpness
from normscape.landscape.objective.curvature.sharpness import (
    filter_scale,
    measure_layer_sharpness,
    measure_scale_free_sharpness,
)
from normscape.landscape.plane.plane import filter_norms
from tests.landscape.networks import network, samples


def rescaled(norm: str, factor: float = 1.0, **others) -> Objective:
    """Return a network with ε ≈ 0 and its first weight rescaled before a normalization, which leaves the function
    unchanged.
    """
    module = network(norm, **others)
    for layer in module.modules():
        if hasattr(layer, "eps"):
            layer.eps = 1e-300  # torch does not allow 0; this is negligible against any variance
    module.layer1.linear.weight.data *= factor
    if norm == "layer":
        module.layer1.linear.bias.data *= factor  # layer norm normalizes weight and bias together
    return Objective(module, *samples())


def hessian(objective: Objective) -> np.ndarray:
    rows = torch.eye(len(objective.theta), dtype=torch.float64)
    return np.stack([objective.hvp(objective.theta, row).numpy() for row in rows])


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_scale_free_sharpness_matches_largest_eigenvalue_of_shs_d8(activation: str) -> None:
    objective = rescaled("batch", activation=activation)
    scale = filter_scale(objective).numpy()
    expected = np.linalg.eigvalsh(scale[:, None] * hessian(objective) * scale)[-1]
    result = measure_scale_free_sharpness(objective)
    assert result.value == pytest.approx(expected, rel=1e-4)
    assert result.converged


def test_filter_scale_is_norm_of_each_weights_filter_d8() -> None:
    objective = rescaled("batch")
    scale, norms = filter_scale(objective), filter_norms(objective.theta, objective.layout)
    for name, place, filters in objective.layout.blocks():
        if name in norms:
            assert torch.equal(filters.rows(scale[place]), norms[name][:, None].expand(filters.shape))
        else:
            assert not scale[place].any()


@pytest.mark.parametrize("factor", [10.0, 0.1])
@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_scale_free_forms_are_invariant_and_raw_forms_scale_by_known_power_d8(norm: str, factor: float) -> None:
    original, scaled = rescaled(norm), rescaled(norm, factor)
    assert scaled.loss(scaled.theta).item() == pytest.approx(original.loss(original.theta).item(), rel=1e-12)
    scales = [filter_scale(objective).numpy() for objective in (original, scaled)]
    forms = [s[:, None] * hessian(objective) * s for s, objective in zip(scales, (original, scaled), strict=True)]
    if norm == "batch":
        assert np.abs(forms[1] - forms[0]).max() < 1e-8 * np.abs(forms[0]).max()
        assert measure_scale_free_sharpness(scaled).value == pytest.approx(
            measure_scale_free_sharpness(original).value, rel=1e-6
        )
    name = "layer1.linear.weight"
    (square, block), (squared, blocked) = (measure_layer_sharpness(o)[name] for o in (original, scaled))
    assert squared == pytest.approx(square * factor**2, rel=1e-12)
    assert blocked.value == pytest.approx(block.value / factor**2, rel=1e-4)
    assert squared * blocked.value == pytest.approx(square * block.value, rel=1e-4)
    assert measure_sharpness(scaled).value != pytest.approx(measure_sharpness(original).value, rel=0.01)


def test_layer_sharpness_matches_hessian_blocks_d8() -> None:
    objective = rescaled("batch")
    whole = hessian(objective)
    for name, place, filters in objective.layout.blocks():
        result = measure_layer_sharpness(objective).get(name)
        assert (result is not None) == filters.present
        if result is not None:
            assert result[1].value == pytest.approx(np.linalg.eigvalsh(whole[place, place])[-1], rel=1e-4)
            assert result[0] == pytest.approx(objective.theta[place].square().sum().item())


def test_block_of_linear_regression_is_twice_second_moment() -> None:
    x, _ = samples()
    targets = torch.randn(len(x), 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    objective = Objective(nn.Linear(4, 3, bias=False).double(), x, targets, loss="squared-error")
    moment = 2 * (x.T @ x / len(x)).numpy()
    _, result = measure_layer_sharpness(objective)["weight"]
    assert result.value == pytest.approx(np.linalg.eigvalsh(moment)[-1], rel=1e-4)


def test_hessian_of_softmax_regression_matches_closed_form() -> None:
    # H = E[(diag(p) - ppᵀ) ⊗ xxᵀ]
    x, y = samples()
    layer = nn.Linear(4, 3, bias=False).double()
    objective = Objective(layer, x, y)
    p = torch.softmax(layer(x), dim=1).detach().numpy()
    expected = np.mean(
        [np.kron(np.diag(q) - np.outer(q, q), np.outer(v, v)) for q, v in zip(p, x.numpy(), strict=True)], axis=0
    )
    assert np.allclose(hessian(objective), expected, rtol=1e-10, atol=1e-12)
    _, result = measure_layer_sharpness(objective)["weight"]
    assert result.value == pytest.approx(np.linalg.eigvalsh(expected)[-1], rel=1e-4)


def test_hessian_of_logistic_regression_matches_closed_form() -> None:
    # H = E[s(1 - s) xxᵀ]
    x, y = samples(classes=2)
    layer = nn.Linear(4, 1, bias=False).double()

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return nn.functional.binary_cross_entropy_with_logits(outputs[:, 0], targets.double(), reduction="none")

    objective = Objective(layer, x, y, loss=loss)
    s = torch.sigmoid(layer(x)).detach().numpy()
    expected = (x.numpy() * s * (1 - s)).T @ x.numpy() / len(x)
    assert np.allclose(hessian(objective), expected, rtol=1e-10, atol=1e-12)
