"""Matching of hidden units: the same function, the same network from a permuted copy, and an objective that grows."""

import copy
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import objective_of, train
from normscape.landscape.paths.connectivity import measure_connectivity
from normscape.landscape.paths.matching import (
    Matching,
    best_permutation,
    match_units,
    matched,
    matching_refusal,
    permuted,
)
from normscape.landscape.paths.units import hidden_units
from normscape.models import NORMALIZATIONS, build_model, refusal
from normscape.specs import ConnectivitySpec, DataSpec, EvaluationSpec, ModelSpec, RunSpec
from tests.landscape.networks import perturb_norms, small_run

EXACT = EvaluationSpec(precision="float64")
SHAPES = {"perceptron": (1, 6, 6), "deep-linear": (1, 6, 6), "convolutional": (2, 8, 8)}


def built(architecture: str = "perceptron", *, seed: int = 1, **model) -> nn.Module:
    spec = ModelSpec(architecture, **{"width": 8, "depth": 3, **model})
    return perturb_norms(build_model(spec, SHAPES[architecture], 5, seed=seed).double())


def shuffled(module: nn.Module) -> nn.Module:
    """Return a copy with the units of every layer in another order; groups stay together."""
    random, units = np.random.default_rng(5), hidden_units(module)
    orders = {}
    for one in units:
        size = one.size // one.groups
        groups = random.permutation(one.groups) if one.groups > 1 else [0]
        orders[one.layer] = np.concatenate([group * size + random.permutation(size) for group in groups])
        assert len(orders[one.layer]) == one.size
    return permuted(module, Matching(units, orders, np.zeros(0)))


def outputs(module: nn.Module, inputs: torch.Tensor, *, training: bool) -> torch.Tensor:
    with torch.no_grad():
        return copy.deepcopy(module).train(training)(inputs)


CASES = [
    (architecture, norm, placement)
    for architecture, shape in SHAPES.items()
    for norm in NORMALIZATIONS
    for placement in ("after", "before")
    if refusal(ModelSpec(architecture, norm=norm, width=8, depth=3, placement=placement), shape) is None
]


@pytest.mark.parametrize(("architecture", "norm", "placement"), CASES)
def test_a_permuted_copy_is_the_same_function_and_is_recovered_exactly(
    architecture: str, norm: str, placement: str
) -> None:
    module = built(architecture, norm=norm, placement=placement)
    copied = shuffled(module)
    assert not torch.equal(*(nn.utils.parameters_to_vector(one.parameters()) for one in (module, copied)))
    inputs = torch.randn(20, *SHAPES[architecture], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for training in (True, False):
        expected = outputs(module, inputs, training=training)
        assert (outputs(copied, inputs, training=training) - expected).abs().max() <= 1e-12 * expected.abs().max()
    found = match_units(module, copied)
    recovered = permuted(copied, found).state_dict()
    assert all(torch.equal(tensor, recovered[name]) for name, tensor in module.state_dict().items())
    norms = sum(float(p.detach().square().sum()) for p in module.parameters())
    assert found.inner_product[-1] == pytest.approx(norms)


@pytest.mark.parametrize("seed", range(3))
def test_the_objective_grows_with_every_change_and_the_distance_shrinks(seed: int) -> None:
    first, last = built("convolutional", norm="batch"), built("convolutional", norm="batch", seed=2)
    found = match_units(first, last, seed=seed)
    assert len(found.inner_product) > 1
    assert (np.diff(found.inner_product) > 0).all()
    ends = [nn.utils.parameters_to_vector(one.parameters()).detach() for one in (first, permuted(last, found))]
    assert found.inner_product[-1] == pytest.approx(float(ends[0] @ ends[1]))
    start = nn.utils.parameters_to_vector(last.parameters()).detach()
    assert (ends[1] - ends[0]).norm() < (start - ends[0]).norm()
    assert ends[1].norm() == pytest.approx(float(start.norm()))


def test_no_single_layer_can_be_matched_better() -> None:
    first, last = built(width=4, norm="none"), built(width=4, norm="none", seed=2)
    found = match_units(first, last)
    target = nn.utils.parameters_to_vector(first.parameters()).detach()
    for own in found.units:
        for order in permutations(range(own.size)):
            other = Matching(found.units, {**found.permutations, own.layer: np.array(order)}, np.zeros(0))
            moved = nn.utils.parameters_to_vector(permuted(last, other).parameters()).detach()
            assert float(moved @ target) <= found.inner_product[-1] + 1e-9


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_the_best_permutation_is_that_of_all_that_keep_groups(groups: int) -> None:
    gain, size = np.random.default_rng(groups).standard_normal((6, 6)), 6 // groups

    def keeps_groups(order: tuple[int, ...]) -> bool:
        return all(len({k // size for k in order[g * size : (g + 1) * size]}) == 1 for g in range(groups))

    best = max(
        sum(gain[k, other] for k, other in enumerate(order)) for order in permutations(range(6)) if keeps_groups(order)
    )
    found = best_permutation(gain, groups)
    assert keeps_groups(tuple(found))
    assert gain[np.arange(6), found].sum() == pytest.approx(best)


@pytest.mark.parametrize("norm", ["none", "batch", "group"])
def test_a_matched_segment_has_the_same_ends_in_every_statistics_mode_and_a_shorter_distance(norm: str) -> None:
    runs = [train(small_run(norm, seed=seed)) for seed in (0, 1)]
    spec = ConnectivitySpec(EXACT, (runs[1].spec,), 5)
    plain = measure_connectivity(runs[0], (runs[1],), spec)
    found = measure_connectivity(runs[0], (runs[1],), replace(spec, matching="weights"))
    assert (plain.matching, found.matching) == ("none", "weights")
    for mode, loss in plain.loss.items():
        for end in (0, -1):
            assert found.loss[mode][end] == pytest.approx(loss[end], rel=1e-12)
            assert found.error[mode][end] == plain.error[mode][end]
    assert found.distance < plain.distance
    assert (np.diff(found.inner_product) > 0).all()


def test_a_permutation_is_a_barrier_that_matching_removes() -> None:
    run = train(small_run("batch", model={"width": 16}))
    module = run.module(20).double()
    copied = shuffled(module)
    objective = objective_of(run, EXACT)
    middle = [
        float(objective.loss(sum(nn.utils.parameters_to_vector(one.parameters()).detach() for one in ends) / 2))
        for ends in ((module, copied), (module, permuted(copied, match_units(module, copied))))
    ]
    assert middle[1] == pytest.approx(float(objective.loss(objective.theta)), rel=1e-12)
    assert middle[0] > 1.1 * middle[1]


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ([nn.Linear(4, 3)], "no hidden layer"),
        ([nn.Linear(4, 4), nn.Softmax(1), nn.Linear(4, 3)], "1 is a Softmax"),
        ([nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3, groups=2)], "1 has groups of channels"),
        ([nn.Conv2d(2, 4, 3), nn.LayerNorm(6), nn.Flatten(), nn.Linear(144, 3)], "1 normalizes positions"),
        ([nn.Conv2d(2, 4, 3), nn.Linear(6, 3)], "1 gets units on another axis"),
        ([nn.Linear(4, 6), nn.GroupNorm(3, 6), nn.GroupNorm(2, 6), nn.Linear(6, 3)], "2 has groups that are no groups"),
        ([nn.Linear(4, 6), nn.BatchNorm1d(7), nn.Linear(6, 3)], "1.weight has 7 entries for the 6 units of 0"),
    ],
)
def test_other_networks_are_refused_with_the_layer_and_the_reason(layers: list[nn.Module], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        hidden_units(nn.Sequential(*layers))


def test_a_layer_that_is_called_twice_is_refused() -> None:
    shared = nn.Linear(4, 4)
    with pytest.raises(ValueError, match="1 is called twice"):
        hidden_units(nn.Sequential(shared, shared, nn.Linear(4, 2)))
    activation = nn.ReLU()
    network = nn.Sequential(nn.Linear(4, 5), activation, nn.Linear(5, 4), activation, nn.Linear(4, 2))
    assert [one.size for one in hidden_units(network)] == [5, 4]


def test_a_network_whose_function_changes_is_refused() -> None:
    first, last = built(), built(seed=2)
    losses = iter([1.0, 1.5])
    with pytest.raises(ValueError, match=r"changes its loss from 1 to 1\.5"):
        matched(first, last, lambda _: next(losses), seed=0, stop=lambda: False)


@pytest.mark.parametrize(
    ("architecture", "word"), [("residual", "shortcuts"), ("transformer", "attention"), ("perceptron", None)]
)
def test_an_architecture_says_why_its_units_cannot_be_matched(architecture: str, word: str | None) -> None:
    reason = matching_refusal(RunSpec(DataSpec("digits"), ModelSpec(architecture)))
    assert reason is None if word is None else word in str(reason)
