"""Evaluation sets and networks of every form give the loss, gradient and Hessian of one plain pass (D0)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from normscape.landscape import measure_sharpness, measure_surface
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.problem import evaluation_set as sets
from normscape.landscape.objective.problem.losses import CrossEntropy
from normscape.landscape.objective.problem.problem import Problem
from normscape.specs import GridSpec, SurfaceSpec

RANDOM = torch.Generator().manual_seed(0)
X = torch.rand(22, 5, dtype=torch.float64, generator=RANDOM)
Y = torch.randint(0, 3, (22,), generator=RANDOM)


def classifier(norm: bool = False) -> nn.Module:
    torch.manual_seed(1)
    middle = nn.BatchNorm1d(6) if norm else nn.Identity()
    return nn.Sequential(nn.Linear(5, 6), middle, nn.Tanh(), nn.Linear(6, 3)).double()


class Again:
    """An iterable of batches that reads them anew each time."""

    def __init__(self, batches: Callable[[], Iterator[Any]]) -> None:
        self.batches, self.passes = batches, 0

    def __iter__(self) -> Iterator[Any]:
        self.passes += 1
        return self.batches()


def pieces() -> Iterator[tuple[Tensor, Tensor]]:
    for first, last in ((0, 7), (7, 9), (9, 20), (20, 22)):
        yield X[first:last], Y[first:last]


class Stream(IterableDataset):
    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return iter(zip(X, Y, strict=True))


FORMS: dict[str, Callable[[], Any]] = {
    "tensors": lambda: (X, Y),
    "arrays": lambda: (X.numpy(), Y.numpy().astype(np.int32)),
    "list of tensors": lambda: [X, Y],
    "list of batches": lambda: list(pieces()),
    "read anew": lambda: Again(pieces),
    "loader": lambda: DataLoader(TensorDataset(X, Y), batch_size=5),
    "iterable data set": lambda: DataLoader(Stream(), batch_size=6),
}


def agrees(objective: Objective, loss: Callable[[], Tensor], module: nn.Module) -> None:
    """Compare loss, gradient and Hessian product with one plain pass of a module in the same mode."""
    mean = loss()
    slopes = torch.autograd.grad(mean, list(module.parameters()), create_graph=True)
    gradient = torch.cat([slope.flatten() for slope in slopes])
    v = torch.randn(len(gradient), dtype=torch.float64, generator=RANDOM)
    product = torch.cat([g.flatten() for g in torch.autograd.grad(gradient @ v, list(module.parameters()))])
    assert objective.loss(objective.theta).item() == pytest.approx(mean.item(), rel=1e-12)
    assert torch.allclose(objective.gradient(objective.theta), gradient, rtol=1e-9, atol=1e-13)
    assert torch.allclose(objective.hvp(objective.theta, v), product, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("held_bytes", [2**30, 100], ids=["held", "streamed"])
@pytest.mark.parametrize("norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_samples_gives_the_numbers_of_one_pass_d0(
    form: str, norm: bool, held_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "HELD_BYTES", held_bytes)
    module = classifier(norm)
    objective = Objective.of_problem(Problem(module, FORMS[form]()))
    assert objective.samples == 22
    agrees(objective, lambda: functional.cross_entropy(module(X), Y), module)
    hits = (module(X).argmax(1) == Y).double().mean().item()
    assert objective.evaluate(objective.theta).accuracy == pytest.approx(hits)


def test_a_stream_is_read_in_order_and_no_more_than_once_per_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "HELD_BYTES", 100)
    source = Again(pieces)
    objective = Objective.of_problem(Problem(classifier(), source))
    objective.loss(objective.theta)
    before = source.passes
    objective.loss(objective.theta)
    assert source.passes - before <= 2  # inputs for the network, and targets for the loss


@pytest.mark.parametrize("norm", [False, True], ids=["plain", "batch norm"])
def test_memory_maps_are_read_part_by_part_d0(norm: bool, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X.numpy())
    np.save(tmp_path / "y.npy", Y.numpy())
    mapped = tuple(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "xy")
    module = classifier(norm)
    objective = Objective.of_problem(Problem(module, mapped), micro_batch=6)
    agrees(objective, lambda: functional.cross_entropy(module(X), Y), module)
    short = Objective(module, *mapped)
    assert short.loss(short.theta).item() == pytest.approx(objective.loss(objective.theta).item(), rel=1e-12)


class TwoInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(2, 3), nn.Linear(3, 3)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return self.left(left).tanh() * self.right(right)


@pytest.mark.parametrize(
    "samples",
    [
        (X[:, :2], X[:, 2:], Y),
        ((X[:, :2], X[:, 2:]), Y),
        ({"left": X[:, :2], "right": X[:, 2:]}, Y),
        {"left": X[:, :2], "right": X[:, 2:], "labels": Y},
        [{"left": x[:, :2], "right": x[:, 2:], "labels": y} for x, y in pieces()],
    ],
    ids=["three", "pair", "dictionary and targets", "dictionary", "dictionaries"],
)
def test_several_inputs_are_passed_by_position_or_name_d0(samples: Any) -> None:
    module = TwoInputs().double()
    objective = Objective.of_problem(Problem(module, samples))
    agrees(objective, lambda: functional.cross_entropy(module(X[:, :2], X[:, 2:]), Y), module)


@dataclass
class Output:
    logits: Tensor
    loss: Tensor | None = None


class Language(nn.Module):
    """A causal language model that computes its own loss, in the manner of published ones."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.mix, self.out = nn.Embedding(11, 6), nn.GRU(6, 6, batch_first=True), nn.Linear(6, 11)

    def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> Output:
        logits = self.out(self.mix(self.embedding(input_ids))[0])
        if labels is None:
            return Output(logits)
        return Output(logits, functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()))


def sentences() -> list[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(4)
    batches = []
    for count, length in ((3, 5), (2, 9), (4, 3)):
        tokens = torch.randint(0, 11, (count, length), generator=generator)
        labels = torch.where(torch.rand(tokens.shape, generator=generator) < 0.3, -100, tokens)
        batches.append({"input_ids": tokens, "labels": labels})
    return batches


def test_a_language_model_with_its_own_loss_counts_tokens_not_batches_d0() -> None:
    torch.manual_seed(0)
    module, batches = Language().double(), sentences()

    def mean() -> Tensor:
        total = sum(
            functional.cross_entropy(
                module(batch["input_ids"]).logits[:, :-1].flatten(0, 1),
                batch["labels"][:, 1:].flatten(),
                reduction="sum",
            )
            for batch in batches
        )
        return total / sum((batch["labels"][:, 1:] != -100).sum() for batch in batches)

    agrees(Objective.of_problem(Problem(module, batches, loss="model")), mean, module)


def test_logits_are_compared_with_labels_of_every_token_d0() -> None:
    torch.manual_seed(0)
    module, batches = Language().double(), sentences()

    def mean() -> Tensor:
        logits = [module(batch["input_ids"]).logits.flatten(0, 1) for batch in batches]
        return functional.cross_entropy(torch.cat(logits), torch.cat([batch["labels"].flatten() for batch in batches]))

    objective = Objective.of_problem(Problem(module, batches, CrossEntropy(class_axis=-1)))
    agrees(objective, mean, module)
    guesses = torch.cat([module(batch["input_ids"]).logits.argmax(-1).flatten() for batch in batches])
    labels = torch.cat([batch["labels"].flatten() for batch in batches])
    expected = (guesses == labels)[labels != -100].double().mean().item()
    assert objective.evaluate(objective.theta).accuracy == pytest.approx(expected)


def test_a_loss_of_outputs_and_batch_and_a_forward_of_ones_own_d0() -> None:
    module = nn.Sequential(nn.Linear(5, 2), nn.Tanh(), nn.Linear(2, 5)).double()

    def reconstruction(outputs: Tensor, batch: Tensor) -> tuple[Tensor, Tensor]:
        return (outputs - batch).square(), batch

    def doubled(network: nn.Module, batch: Tensor) -> Tensor:
        return 2 * network(batch)

    objective = Objective.of_problem(Problem(module, X, reconstruction, forward=doubled))
    agrees(objective, lambda: ((2 * module(X) - X).square() * X).sum() / X.sum(), module)


def test_a_problem_in_five_lines_has_a_surface_and_a_sharpness() -> None:
    problem = Problem(classifier(norm=True), DataLoader(TensorDataset(X, Y), batch_size=8))
    objective = Objective.of_problem(problem)
    surface = measure_surface(objective, SurfaceSpec(grid=GridSpec((3, 3), ((-1.0, 1.0), (-1.0, 1.0)))))
    assert np.isfinite(surface.loss).all()
    assert np.isfinite(surface.gradient_change_ratio).all()
    assert measure_sharpness(objective).value > 0


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (DataLoader(TensorDataset(X, Y), batch_size=5, shuffle=True), "use shuffle=False"),
        (pieces(), "can be read only once"),
        ([], "no batches"),
        ((X, Y[:20]), "22 and 20 samples"),
        ((X[:0], Y[:0]), "0 and 0 samples"),
        ([(X, Y), (X.log() * float("nan"), Y)], "holds a value that is not finite"),
        ({"input": X, "answer": Y}, "no targets that are a tensor: a dictionary of input, answer"),
    ],
)
def test_samples_that_are_no_evaluation_set_are_refused_with_the_reason(samples: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Objective.of_problem(Problem(classifier(), samples, forward=lambda network, batch: network(X)))


def test_outputs_without_scores_are_refused_with_the_remedy() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(5, 3)

        def forward(self, x: Tensor) -> tuple[Tensor, None]:
            return self.out(x), None

    with pytest.raises(ValueError, match="returns tuple, neither a tensor nor something with logits; pass `forward`"):
        Objective.of_problem(Problem(Pair().double(), (X, Y)))
    objective = Objective.of_problem(Problem(Pair().double(), (X, Y), forward=lambda net, batch: net(batch[0])[0]))
    assert objective.loss(objective.theta) > 0
    with pytest.raises(ValueError, match="without a loss that is one number"):
        Objective.of_problem(Problem(classifier(), X, loss="model"))
