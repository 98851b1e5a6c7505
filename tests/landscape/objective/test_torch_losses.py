"""Losses of torch.nn give torch's own mean over the whole evaluation set, or are refused (D0)."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from normscape.landscape import Objective, Problem

RANDOM = torch.Generator().manual_seed(0)
X = torch.rand(23, 5, dtype=torch.float64, generator=RANDOM)
CLASSES = torch.randint(0, 3, (23,), generator=RANDOM)
IGNORED = torch.where(torch.arange(23) % 4 == 0, 1, CLASSES)
SOFT = torch.rand(23, 3, dtype=torch.float64, generator=RANDOM).softmax(1)
VALUES = 3 * torch.randn(23, 3, dtype=torch.float64, generator=RANDOM)
BITS = (VALUES > 0).double()
WEIGHTS = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)

LOSSES: list[tuple[Any, Tensor]] = [
    (nn.CrossEntropyLoss(), CLASSES),
    (nn.CrossEntropyLoss(weight=WEIGHTS), CLASSES),
    (nn.CrossEntropyLoss(weight=WEIGHTS, ignore_index=1), IGNORED),
    (nn.CrossEntropyLoss(label_smoothing=0.2, ignore_index=2), CLASSES),
    (nn.CrossEntropyLoss(label_smoothing=0.1), SOFT),
    (nn.MSELoss(), VALUES),
    (nn.L1Loss(), VALUES),
    (nn.SmoothL1Loss(beta=0.3), VALUES),
    (nn.HuberLoss(delta=0.4), VALUES),
    (nn.BCEWithLogitsLoss(), BITS),
    (nn.BCEWithLogitsLoss(pos_weight=WEIGHTS), BITS),
    (functional.cross_entropy, CLASSES),
    (functional.mse_loss, VALUES),
    (functional.l1_loss, VALUES),
    (functional.smooth_l1_loss, VALUES),
    (functional.huber_loss, VALUES),
    (functional.binary_cross_entropy_with_logits, BITS),
]


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3)).double()


@pytest.mark.parametrize(("loss", "targets"), LOSSES, ids=[getattr(loss, "__name__", str(loss)) for loss, _ in LOSSES])
def test_a_loss_of_torch_gives_its_mean_and_gradient_d0(loss: Any, targets: Tensor) -> None:
    module = network()
    mean = loss(module(X), targets)
    slopes = torch.autograd.grad(mean, list(module.parameters()))
    batches = DataLoader(TensorDataset(X, targets), batch_size=5)  # torch's mean of means would differ
    for objective in (Objective.of_problem(Problem(module, batches, loss)), Objective(module, X, targets, loss=loss)):
        assert objective.loss(objective.theta).item() == pytest.approx(mean.item(), rel=1e-12)
        gradient = objective.gradient(objective.theta)
        assert torch.allclose(gradient, torch.cat([slope.flatten() for slope in slopes]), rtol=1e-9, atol=1e-13)


def test_mse_of_torch_is_the_squared_error_over_the_number_of_outputs_d0() -> None:
    summed, mean = (
        Objective.of_problem(Problem(network(), (X, VALUES), loss)) for loss in ("squared-error", nn.MSELoss())
    )
    assert summed.loss(summed.theta).item() == pytest.approx(3 * mean.loss(mean.theta).item(), rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (nn.CrossEntropyLoss(weight=WEIGHTS, label_smoothing=0.1), "leave one of them out"),
        (nn.CrossEntropyLoss(reduction="sum"), "leave reduction at 'mean'"),
        (nn.CrossEntropyLoss, r"pass an instance, CrossEntropyLoss\(\)"),
        (nn.BCEWithLogitsLoss(weight=WEIGHTS), "use pos_weight"),
        (nn.NLLLoss(), "use 'cross-entropy'"),
        (functional.nll_loss, "use 'cross-entropy'"),
        (nn.BCELoss(), "use 'bce-with-logits'"),
        (functional.binary_cross_entropy, "use 'bce-with-logits'"),
        (nn.KLDivLoss(), "pass a function of outputs and batch"),
    ],
)
def test_a_loss_of_torch_without_an_equal_here_is_refused_with_the_remedy(loss: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Objective.of_problem(Problem(network(), (X, CLASSES), loss))


def test_a_loss_of_ones_own_may_be_a_module() -> None:
    class Own(nn.Module):
        def forward(self, outputs: Tensor, batch: tuple[Tensor, Tensor]) -> Tensor:
            return (outputs[:, 0] - batch[1]).square()

    objective = Objective.of_problem(Problem(network(), (X, CLASSES), Own()))
    expected = (network()(X)[:, 0] - CLASSES).square().mean()
    assert objective.loss(objective.theta).item() == pytest.approx(expected.item(), rel=1e-12)
