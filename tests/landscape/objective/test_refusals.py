"""What a newcomer passes by mistake is refused with what to pass instead (D0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_sequence
from torch.utils.data import DataLoader, TensorDataset

from normscape.landscape import (
    CrossEntropy,
    Objective,
    Problem,
    measure_layer_sharpness,
    measure_scale_free_sharpness,
    measure_sharpness,
    measure_surface,
)
from normscape.specs import EvaluationSpec, GridSpec, PlaneSpec, SurfaceSpec

RANDOM = torch.Generator().manual_seed(0)
X = torch.rand(40, 5, generator=RANDOM)
Y = torch.randint(0, 3, (40,), generator=RANDOM)
RAGGED = [torch.rand(k % 7 + 3, 5, generator=RANDOM) for k in range(60)]
LABELS = torch.zeros(60, dtype=torch.long)


def network(outputs: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, outputs))


class Flattened(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(5, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x).flatten(0, 1)


class Samples:
    """Single samples, as data sets outside torch give them."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if index >= len(X):
            raise IndexError
        return X[index], int(Y[index])


ONE_HOT = functional.one_hot(Y, 3)

TARGETS: dict[str, tuple[Callable[[], nn.Module], Any, str, str]] = {
    "one-hot": (network, (X, ONE_HOT), "cross-entropy", r"pass class indices \(`targets.argmax\(1\)`\)"),
    "column": (network, (X, Y[:, None]), "cross-entropy", r"pass `targets.squeeze\(-1\)`"),
    "one score": (lambda: network(1), (X, Y > 0), "cross-entropy", "the loss is 'bce-with-logits'"),
    "no column": (lambda: network(1), (X, Y > 0), "bce-with-logits", r"pass `targets.unsqueeze\(-1\)`"),
    "a column too many": (
        lambda: nn.Sequential(network(1), nn.Flatten(0)),
        (X, X[:, :1]),
        "squared-error",
        r"pass `targets.squeeze\(-1\)`",
    ),
    "above 1": (network, (X, 2 * torch.ones(40, 3)), "bce-with-logits", r"hold 2; .* needs values in \[0, 1\]"),
    "below 0": (network, (X, -ONE_HOT), "bce-with-logits", r"hold -1; .* needs values in \[0, 1\]"),
    "flattened": (
        Flattened,
        (torch.rand(10, 4, 5), torch.randint(0, 7, (10, 4))),
        "cross-entropy",
        r"return outputs of shape \(N, 4, 7\) .*\(shapes of the first 2 of 10 samples\)",
    ),
    "some samples": (network, (X, Y[:, None]), "cross-entropy", r"\(shapes of the first 2 of 40 samples\)"),
    "one tensor": (network, X, "cross-entropy", r"there are no targets; pass \(inputs, targets\)"),
    "inputs alone": (network, DataLoader(TensorDataset(X), batch_size=8), "cross-entropy", "a list of 1; pass"),
    "single samples": (network, Samples(), "cross-entropy", "looks like a single sample; .*DataLoader"),
    "another key": (network, {"x": X, "z": Y}, "cross-entropy", "of x, z; rename .* labels, label, targets, target, y"),
    "a list under the key": (network, {"input": X, "labels": Y.tolist()}, "cross-entropy", "'labels' is a list; pass"),
    "a list": (network, (X, Y.tolist()), "cross-entropy", "its last element is a list; pass a tensor"),
    "ragged": (network, (RAGGED, LABELS), "cross-entropy", "the 61 tensors .* have 3 to 60 rows; .*pad_sequence"),
    "ragged alone": (network, RAGGED, "cross-entropy", "the 60 tensors of the batch have 3 to 9 rows"),
    "packed": (
        network,
        (pack_sequence(RAGGED, enforce_sorted=False), LABELS),
        "cross-entropy",
        "PackedSequence, .*pad sequences .*lengths",
    ),
    "packed in a list": (network, [(pack_sequence(RAGGED[:1]), LABELS[:1])], "cross-entropy", "PackedSequence"),
    "nested": (
        network,
        (torch.nested.nested_tensor(RAGGED, layout=torch.jagged), LABELS),
        "cross-entropy",
        "a nested tensor",
    ),
    "objects": (network, (np.array([{}] * 3), np.zeros(3, dtype=int)), "cross-entropy", "array of type object"),
    "mse": (network, (X, X), "mse", r"bce-with-logits, model \(mse is 'squared-error'\)"),
    "another spelling": (network, (X, Y), "cross_entropy", r"\(cross_entropy is 'cross-entropy'\)"),
    "hinge": (network, (X, Y), "hinge", "bce-with-logits, model$"),
}


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("case", TARGETS)
def test_samples_and_targets_that_do_not_fit_are_refused_with_the_remedy_d0(case: str) -> None:
    module, samples, loss, message = TARGETS[case]
    with pytest.raises(ValueError, match=message) as error:
        Objective.of_problem(Problem(module(), samples, loss))
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (network().state_dict(), "such as a state_dict; build the network"),
        (nn.Linear, r"the class Linear; pass an instance"),
        (lambda x: x, "is a function; pass the nn.Module"),
        (3, "of type int; pass an nn.Module"),
    ],
)
def test_what_is_no_network_is_refused(module: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Problem(module, (X, Y))
    with pytest.raises(TypeError, match=message):
        Objective(module, X, Y)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (TensorDataset(X, Y), r"gives single samples; pass DataLoader\(dataset, batch_size=64\)"),
        (3, r"of type int; pass tensors \(inputs, targets\)"),
        (None, r"of type NoneType; pass tensors"),
        ("digits", r"of type str; pass tensors"),
    ],
)
def test_what_gives_no_batches_is_refused(samples: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Objective.of_problem(Problem(network(), samples))


@pytest.mark.parametrize("loss", [3, None, (1.0, 2.0)])
def test_what_is_no_loss_is_refused(loss: Any) -> None:
    with pytest.raises(TypeError, match=r"pass a name \(cross-entropy, squared-error, one-hot-squared-error, "):
        Objective.of_problem(Problem(network(), (X, Y), loss))


def test_a_loss_that_returns_no_tensor_is_refused() -> None:
    with pytest.raises(ValueError, match="the loss returns a float; it must return a tensor of losses"):
        Objective.of_problem(Problem(network(), (X, Y), lambda outputs, batch: (outputs, 1.0)))


def test_an_error_of_the_network_notes_the_number_of_samples() -> None:
    with pytest.raises(RuntimeError, match="cannot be multiplied") as error:
        Objective.of_problem(Problem(nn.Linear(6, 3), (X, Y)))
    assert error.value.__notes__[0] == "The network was called with 2 of 40 samples."


def test_a_buffer_that_is_not_finite_is_named_d0() -> None:
    module = network()
    module[1].running_mean[2] = torch.nan
    with pytest.raises(ValueError, match=r"the loss at the weights is nan.*the buffers 1\.running_mean hold"):
        Objective.of_problem(Problem(module, (X, Y)), statistics="running")
    assert Objective.of_problem(Problem(module, (X, Y))).findings.differentiable  # of no use to population statistics


def test_a_mask_of_infinities_is_no_reason_to_refuse_d0() -> None:
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(5, 3)
            self.register_buffer("mask", torch.tensor([0.0, 0, 0, 0, -torch.inf]))
            self.register_buffer("unused", torch.tensor(torch.nan))

        def forward(self, x: Tensor) -> Tensor:
            return self.out(x * (x + self.mask).softmax(1))

    assert Objective.of_problem(Problem(Masked(), (X, Y))).findings.differentiable


def test_a_loss_that_overflows_is_not_taken_for_random_numbers_d0() -> None:
    with pytest.raises(ValueError, match=r"the loss at the weights is inf.*overflows"):
        Objective.of_problem(Problem(network(), (X, Y), lambda outputs, batch: outputs[:, 0] + torch.inf))


def test_measurements_say_what_they_measure() -> None:
    problem = Problem(network(), (X, Y))
    objective = Objective.of_problem(problem)
    for measure in (measure_sharpness, measure_scale_free_sharpness, measure_layer_sharpness):
        with pytest.raises(TypeError, match=r"expected Objective, not Problem; pass Objective\.of_problem\(problem\)"):
            measure(problem)
    with pytest.raises(TypeError, match=r"pass Objective\.of_problem\(problem\)"):
        measure_surface(problem, SurfaceSpec())
    with pytest.raises(TypeError, match=r"not Sequential; pass Objective\.of_problem\(Problem\(network"):
        measure_surface(network(), SurfaceSpec())
    with pytest.raises(TypeError, match=r"takes a Problem, not a Sequential"):
        Objective.of_problem(network())
    for spec, name in ((GridSpec(), "grid"), (PlaneSpec(), "plane"), (EvaluationSpec(), "evaluation")):
        with pytest.raises(TypeError, match=rf"expected SurfaceSpec, .*pass SurfaceSpec\({name}=\.\.\.\)"):
            measure_surface(objective, spec)


def test_a_list_is_no_tuple() -> None:
    with pytest.raises(TypeError, match=r"GridSpec\.points takes a tuple of 2 values, not \[9, 9\]"):
        GridSpec(points=[9, 9])
    with pytest.raises(TypeError, match=r"SurfaceSpec\.grid takes GridSpec, not \(9, 9\)"):
        SurfaceSpec(grid=(9, 9))


@pytest.mark.parametrize("batch_size", [None, 8])
def test_a_surface_has_the_samples_of_its_objective_in_its_spec(batch_size: int | None) -> None:
    statistics = "population" if batch_size is None else "batch"
    objective = Objective.of_problem(Problem(network(), (X, Y)), statistics=statistics, batch_size=batch_size)
    surface = measure_surface(objective, SurfaceSpec(grid=GridSpec((3, 1))))
    assert surface.spec.evaluation.samples == 40
    assert surface.spec.evaluation.batch_size == (batch_size or EvaluationSpec().batch_size)


def test_a_number_of_samples_that_a_spec_does_not_admit_is_left_out() -> None:
    objective = Objective(nn.Linear(5, 3), X[:1], Y[:1])
    surface = measure_surface(objective, SurfaceSpec(grid=GridSpec((3, 1))))
    assert surface.spec.evaluation.samples == EvaluationSpec().samples


def test_an_eigenvalue_in_half_precision_has_converged_only_if_its_residual_says_so_d10() -> None:
    for dtype in (torch.bfloat16, torch.float16):
        objective = Objective.of_problem(Problem(network().to(dtype), (X, Y)))
        found = measure_sharpness(objective)
        assert found.converged == (found.residual <= objective.residual * abs(found.value))
        single = measure_sharpness(Objective.of_problem(Problem(network(), (X, Y))))
        assert found.value == pytest.approx(single.value, rel=0.05)


@pytest.mark.parametrize("weights", [torch.tensor([1.0, 2.0, 0.5]), np.array([1.0, 2.0, 0.5]), [1, 2, 0.5]])
@pytest.mark.filterwarnings("error")
def test_class_weights_may_be_any_sequence(weights: Any) -> None:
    loss = CrossEntropy(class_weights=weights)
    assert loss == CrossEntropy(class_weights=(1.0, 2.0, 0.5))
    objective = Objective.of_problem(Problem(network(), (X, Y), loss))
    expected = functional.cross_entropy(network().train()(X), Y, torch.tensor([1.0, 2.0, 0.5]))
    assert objective.loss(objective.theta).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("options", [{"class_weights": (1, -2)}, {"class_weights": (1, float("nan"))}])
def test_class_weights_that_are_no_weights_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be finite and not negative"):
        CrossEntropy(**options)
    with pytest.raises(ValueError, match="label_smoothing is 2"):
        CrossEntropy(label_smoothing=2)
