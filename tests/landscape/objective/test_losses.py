"""f = Σ w ℓ / Σ w over the whole evaluation set, against torch's own means over all items at once (D0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.problem.losses import CrossEntropy, Loss, OneHotSquaredError, weighted

N, C = 13, 4
RANDOM = torch.Generator().manual_seed(0)


def rand(*shape: int) -> Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=RANDOM)


def classes(*shape: int, of: int = C) -> Tensor:
    return torch.randint(0, of, shape, generator=RANDOM)


def some_ignored(targets: Tensor, index: int = -100) -> Tensor:
    return torch.where(torch.rand(targets.shape, generator=RANDOM) < 0.4, index, targets)


def probabilities(*shape: int, axis: int = 1) -> Tensor:
    return torch.softmax(5 * rand(*shape), axis)


class Vectors(nn.Module):
    """Scores of samples (N, C)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, C))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Pixels(nn.Module):
    """Scores of pixels (N, C, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(2, 5, 3, padding=1), nn.BatchNorm2d(5), nn.Tanh(), nn.Conv2d(5, C, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Tokens(nn.Module):
    """Scores of tokens (N, T, V)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(11, 6), nn.Linear(6, 11)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.embedding(x).tanh())


WEIGHTS = (0.2, 1.0, 3.0, 0.5)


def one_hot_error_of_counted(scores: Tensor, targets: Tensor) -> Tensor:
    h, y = scores[targets >= 0], targets[targets >= 0]
    weights = h.new_tensor(WEIGHTS)[y]
    return (weights * (h - functional.one_hot(y, C)).square().sum(1)).sum() / weights.sum()


CASES: dict[str, tuple[type[nn.Module], Tensor, Tensor, str | Loss, Callable[[Tensor, Tensor], Tensor]]] = {
    "ignored": (Vectors, rand(N, 5), some_ignored(classes(N)), "cross-entropy", functional.cross_entropy),
    "ignored 0": (
        *(Vectors, rand(N, 5), some_ignored(classes(N), 0), CrossEntropy(ignore_index=0)),
        lambda h, y: functional.cross_entropy(h, y, ignore_index=0),
    ),
    "class weights": (
        *(Vectors, rand(N, 5), some_ignored(classes(N)), CrossEntropy(class_weights=WEIGHTS)),
        lambda h, y: functional.cross_entropy(h, y, weight=h.new_tensor(WEIGHTS)),
    ),
    "label smoothing": (
        *(Vectors, rand(N, 5), some_ignored(classes(N)), CrossEntropy(label_smoothing=0.2)),
        lambda h, y: functional.cross_entropy(h, y, label_smoothing=0.2),
    ),
    "one-hot codes": (
        *(Vectors, rand(N, 5), classes(N), "one-hot-squared-error"),
        lambda h, y: (h - functional.one_hot(y, C)).square().sum(1).mean(),
    ),
    "one-hot codes of pixels, some ignored and weighted": (
        *(Pixels, rand(N, 2, 4, 3), some_ignored(classes(N, 4, 3)), OneHotSquaredError(class_weights=WEIGHTS)),
        lambda h, y: one_hot_error_of_counted(h.movedim(1, -1).flatten(0, -2), y.flatten()),
    ),
    "soft labels": (Vectors, rand(N, 5), probabilities(N, C), "cross-entropy", functional.cross_entropy),
    "as many samples as classes": (Vectors, rand(C, 5), probabilities(C, C), "cross-entropy", functional.cross_entropy),
    "pixels": (Pixels, rand(N, 2, 4, 3), some_ignored(classes(N, 4, 3)), "cross-entropy", functional.cross_entropy),
    "soft pixels": (Pixels, rand(N, 2, 4, 3), probabilities(N, C, 4, 3), "cross-entropy", functional.cross_entropy),
    "tokens": (
        *(Tokens, classes(N, 5, of=11), some_ignored(classes(N, 5, of=11)), "cross-entropy"),
        lambda h, y: functional.cross_entropy(h.flatten(0, 1), y.flatten()),
    ),
    "soft tokens": (
        *(Tokens, classes(N, 5, of=11), probabilities(N, 5, 11, axis=2), CrossEntropy(class_axis=-1)),
        lambda h, y: functional.cross_entropy(h.flatten(0, 1), y.flatten(0, 1)),
    ),
    "as many tokens as words": (
        *(Tokens, classes(N, 11, of=11), classes(N, 11, of=11), CrossEntropy(class_axis=2)),
        lambda h, y: functional.cross_entropy(h.flatten(0, 1), y.flatten()),
    ),
    "binary": (
        *(Pixels, rand(N, 2, 4, 3), classes(N, C, 4, 3, of=2).double(), "bce-with-logits"),
        functional.binary_cross_entropy_with_logits,
    ),
    "own items": (
        *(Pixels, rand(N, 2, 4, 3), rand(N, C, 4, 3), lambda h, y: (h - y).abs()),
        lambda h, y: (h - y).abs().mean(),
    ),
    "own weights": (
        *(Pixels, rand(N, 2, 4, 3), rand(N, C, 4, 3), lambda h, y: ((h - y) ** 2, y)),
        lambda h, y: ((h - y) ** 2 * y).sum() / y.sum(),
    ),
}


@pytest.mark.parametrize("options", [{}, {"micro_batch": 5}, {"statistics": "running", "micro_batch": 4}], ids=str)
@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradient_are_those_of_one_mean_over_all_items_d0(case: str, options: dict[str, Any]) -> None:
    kind, x, y, loss, expected = CASES[case]
    torch.manual_seed(1)
    module = kind().double()
    objective = Objective(module, x, y, loss=loss, **options)
    module.train(options.get("statistics") != "running")
    mean = expected(module(x), y)
    mean.backward()
    gradient = torch.cat([p.grad.flatten() for p in module.parameters()])
    assert objective.loss(objective.theta).item() == pytest.approx(mean.item(), rel=1e-12)
    found = objective.evaluate(objective.theta)
    assert found.loss == pytest.approx(mean.item(), rel=1e-12)
    assert torch.allclose(found.gradient, gradient, rtol=1e-9, atol=1e-13)
    assert objective.sample_losses(objective.theta).mean().item() == pytest.approx(mean.item(), rel=1e-12)
    step = 1e-6 * torch.randn(len(gradient), dtype=torch.float64, generator=RANDOM)
    product = objective.hvp(objective.theta, step)
    change = (objective.gradient(objective.theta + step) - objective.gradient(objective.theta - step)) / 2
    assert (product - change).norm() <= 1e-6 * change.norm()


def test_squared_errors_of_one_hot_codes_have_an_accuracy_and_need_classes() -> None:
    _, x, y, loss, _ = CASES["one-hot codes"]
    module = Vectors().double()
    objective = Objective(module, x, y, loss=loss)
    hits = module.train()(x).argmax(1) == y
    assert objective.loss_and_accuracy(objective.theta)[1] == pytest.approx(hits.double().mean().item())
    assert objective.classifies
    assert not objective.is_cross_entropy
    with pytest.raises(ValueError, match="needs class indices as targets"):
        Objective(module, x, probabilities(N, C), loss=loss)


def test_accuracy_counts_the_items_that_are_not_ignored() -> None:
    for case in ("ignored", "pixels", "tokens", "class weights"):
        kind, x, y, loss, _ = CASES[case]
        module = kind().double()
        objective = Objective(module, x, y, loss=loss)
        outputs = module.train()(x)
        guess = outputs.argmax(2 if kind is Tokens else 1)
        expected = (guess == y)[y != -100].double().mean().item()
        assert objective.evaluate(objective.theta).accuracy == pytest.approx(expected, rel=1e-12)
        assert objective.classifies


def test_accuracy_is_undefined_without_classes() -> None:
    for case in ("soft labels", "binary", "own items"):
        kind, x, y, loss, _ = CASES[case]
        objective = Objective(kind().double(), x, y, loss=loss)
        assert not objective.classifies
        assert objective.evaluate(objective.theta).accuracy != objective.evaluate(objective.theta).accuracy  # nan


@pytest.mark.parametrize(
    ("targets", "loss", "message"),
    [
        (torch.full((N,), -100), "cross-entropy", "all 13 targets are -100, which is ignored"),
        (classes(N) + 1, "cross-entropy", "hold class 4; the outputs have 4 classes, 0 to 3"),
        (classes(N) - 1, "cross-entropy", "hold class -1; the outputs have 4 classes"),
        (rand(N), "cross-entropy", "must be probabilities in the shape of the outputs"),
        (classes(N, 2), "cross-entropy", "no axis of the outputs is left"),
        (classes(N), CrossEntropy(class_weights=(1.0, 2.0)), "2 class weights for 4 classes"),
        (probabilities(N, C), CrossEntropy(class_weights=WEIGHTS), "class weights need class indices"),
        (rand(N), "bce-with-logits", "cannot be compared"),
        (classes(N), lambda h, y: functional.cross_entropy(h, y), "must return one value per sample"),
        (rand(N, C), lambda h, y: ((h - y) ** 2, y[:, 0]), r"weights of shape \(13,\)"),
        (rand(N, C), lambda h, y: ((h - y) ** 2, -y), "weights must not be negative"),
        (rand(N, C), lambda h, y: ((h - y) ** 2, 0 * y), "the weights of all items are 0"),
        (classes(N), "hinge", "cross-entropy"),
    ],
)
def test_what_is_no_mean_over_items_is_refused(targets: Tensor, loss: str | Loss, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Objective(Vectors().double(), rand(N, 5), targets, loss=loss)


def test_an_ambiguous_class_axis_is_refused() -> None:
    with pytest.raises(ValueError, match="more than one axis could hold the classes"):
        Objective(Tokens(), classes(N, 11, of=11), classes(N, 11, of=11))


@pytest.mark.parametrize("classes", [2, 10, 15, 16])
def test_the_cross_entropy_of_few_classes_and_its_derivatives_are_those_of_torch_in_float64(classes: int) -> None:
    generator = torch.Generator().manual_seed(0)
    scores, targets = 30 * torch.randn(200, classes, generator=generator), torch.randint(classes, (200,))

    def measure(values: Tensor, loss: Callable[[Tensor], Tensor]) -> list[Tensor]:
        values = values.detach().requires_grad_()
        losses = loss(values)
        (slope,) = torch.autograd.grad((losses * torch.linspace(1, 2, 200)).sum(), values, create_graph=True)
        (curvature,) = torch.autograd.grad(slope.square().sum(), values)
        return [losses.detach(), slope.detach(), curvature]

    found = measure(scores, lambda values: weighted(CrossEntropy(ignore_index=None)(values, targets)))
    exact = measure(scores.double(), lambda values: functional.cross_entropy(values, targets, reduction="none"))
    for value, reference in zip(found, exact, strict=True):
        assert torch.allclose(value.double(), reference, rtol=1e-5, atol=1e-6 * float(reference.abs().max()))


def test_accuracy_takes_the_first_of_equal_scores() -> None:
    scores, targets = torch.zeros(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    assert float(CrossEntropy(ignore_index=None).hits(scores, targets)) == 2.0
