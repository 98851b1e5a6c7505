"""Planes: norms per filter, per layer and overall, zero filters, orthogonality, seeds (D2, D3, D4)."""

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, Plane, measure_surface, random_plane
from normscape.landscape.objective.parameters import flatten, layout_of
from normscape.landscape.plane.plane import abridged, filter_norms
from normscape.models import build_model
from normscape.specs import ModelSpec, PlaneSpec
from tests.landscape.networks import grid, network, quadratic, samples

SCALINGS = ("filter", "layer", "unit", "none")


class Mixed(nn.Module):
    """Parameters of every kind: a linear layer, a convolution, an embedding, a vector, a scalar."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 3, 3)
        self.linear = nn.Linear(4, 5)
        self.embedding = nn.Embedding(6, 2)
        self.norm = nn.BatchNorm1d(5)
        self.temperature = nn.Parameter(torch.tensor(1.5))
        generator = torch.Generator().manual_seed(0)
        for parameter in self.parameters():
            nn.init.normal_(parameter, generator=generator)


def plane_of(module: nn.Module, **choices) -> tuple[Plane, object, dict[str, torch.Tensor]]:
    layout = layout_of(module)
    theta = flatten(dict(module.named_parameters()), layout)
    plane = random_plane(theta, layout, PlaneSpec(**choices))
    return plane, layout, layout.unflatten(theta.double())


def test_an_abridged_plane_has_the_same_lengths_angles_and_distances() -> None:
    plane, *_ = plane_of(network(), orthogonal=False)
    short = abridged(plane)
    assert short.theta.shape == (3,)
    assert short.norms == pytest.approx(plane.norms, rel=1e-14)
    assert short.cosine == pytest.approx(plane.cosine, rel=1e-12)
    for point in ((0, 0), (0.3, -0.7), (-1, 2)):
        assert np.linalg.norm(short.point(*point)) == pytest.approx(np.linalg.norm(plane.point(*point)), rel=1e-13)
    assert (short.kind, short.scaling, short.seed) == (plane.kind, plane.scaling, plane.seed)


def unflat(layout, values: np.ndarray) -> dict[str, torch.Tensor]:
    return layout.unflatten(torch.tensor(values))


@pytest.mark.parametrize("which", ["d1", "d2"])
@pytest.mark.parametrize("seed", [0, 7])
def test_filter_norms_match_the_network_d3(which: str, seed: int) -> None:
    plane, layout, own = plane_of(Mixed(), orthogonal=False, seed=seed)
    for name, drawn in unflat(layout, getattr(plane, which)).items():
        if drawn.ndim < 2:
            assert not drawn.any(), name
            continue
        for k in range(len(drawn)):
            assert drawn[k].norm().item() == pytest.approx(own[name][k].norm().item(), rel=1e-12), (name, k)


def test_orthogonalization_changes_filter_norms_of_d2_only_d2() -> None:
    free, layout, own = plane_of(network(width=64), orthogonal=False)
    plane, _, _ = plane_of(network(width=64), orthogonal=True)
    assert np.array_equal(plane.d1, free.d1)
    mine, theirs = filter_norms(torch.tensor(plane.d2), layout), filter_norms(torch.tensor(plane.theta), layout)
    factors = torch.cat([mine[name] / theirs[name] for name in mine])
    assert (factors - 1).abs().max() > 1e-9  # the norms change
    assert (factors - 1).abs().mean() < 0.2  # by a factor near 1
    assert own.keys() > mine.keys()  # vectors have no filters


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("seed", range(3))
def test_orthogonal_directions_are_orthogonal_d2(scaling: str, seed: int) -> None:
    plane, _, _ = plane_of(Mixed(), scaling=scaling, seed=seed, orthogonal=True)
    assert abs(plane.cosine) < 1e-6
    free, _, _ = plane_of(Mixed(), scaling=scaling, seed=seed, orthogonal=False)
    assert abs(free.cosine) > 1e-6
    # only the component along d1 was removed from d2
    assert np.linalg.matrix_rank(np.stack([plane.d2 - free.d2, free.d1]), tol=1e-9) == 1


def test_layer_unit_and_no_scaling_have_expected_norms_d3() -> None:
    plane, layout, own = plane_of(Mixed(), scaling="layer", orthogonal=False)
    for name, drawn in unflat(layout, plane.d1).items():
        expected = own[name].norm().item() if own[name].ndim > 1 else 0.0
        assert drawn.norm().item() == pytest.approx(expected, rel=1e-12)
    plane, _, _ = plane_of(Mixed(), scaling="unit", orthogonal=False)
    assert plane.norms == pytest.approx([np.linalg.norm(plane.theta)] * 2, rel=1e-12)


def test_unscaled_directions_are_standard_normal_d2() -> None:
    plane, _, _ = plane_of(nn.Linear(300, 100), scaling="none", orthogonal=False)
    for d in (plane.d1, plane.d2):
        assert abs(d.mean()) < 5 / np.sqrt(len(d))
        assert d.var() == pytest.approx(1, abs=5 * np.sqrt(2 / len(d)))
        assert np.mean(d**4) == pytest.approx(3, abs=0.3)  # a uniform distribution with unit variance has 1.8
    assert abs(plane.cosine) < 5 / np.sqrt(len(plane.d1))


@pytest.mark.parametrize("scaling", ["filter", "layer"])
def test_zero_filter_gives_zero_filter_d3(scaling: str) -> None:
    module = Mixed().double()
    with torch.no_grad():
        module.linear.weight[2] = 0
        module.embedding.weight.zero_()
    plane, layout, own = plane_of(module, scaling=scaling, orthogonal=False)
    drawn = unflat(layout, plane.d1)
    assert np.isfinite(plane.d1).all()
    assert not drawn["embedding.weight"].any()
    assert bool(drawn["linear.weight"][2].any()) == (scaling == "layer")
    assert own["linear.weight"].any()


def test_network_of_zeros_has_no_plane_d3() -> None:
    module = nn.Linear(3, 3)
    nn.init.zeros_(module.weight)
    with pytest.raises(ValueError, match="zero"):
        measure_surface(Objective(module, *samples(inputs=3)), grid())
    with pytest.raises(ValueError, match="zero"):  # filter scaling of a vector is zero, too
        measure_surface(quadratic(np.eye(3), np.ones(3)), grid())


def test_draws_agree_for_equal_names_shapes_and_seeds_d4() -> None:
    planes = {}
    for norm in ("none", "batch"):
        plane, layout, _ = plane_of(
            build_model(ModelSpec(norm=norm, width=6), (4,), 3), scaling="none", orthogonal=False
        )
        planes[norm] = unflat(layout, plane.d1), unflat(layout, plane.d2)
    for plain, normed in zip(planes["none"], planes["batch"], strict=True):
        assert plain.keys() < normed.keys()
        assert all(torch.equal(plain[name], normed[name]) for name in plain)


def test_seeds_directions_and_parameters_have_independent_draws_d2() -> None:
    one, layout, _ = plane_of(nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9)), scaling="none", orthogonal=False)
    other, _, _ = plane_of(nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9)), scaling="none", orthogonal=False, seed=1)
    parts = unflat(layout, one.d1)
    drawn = [one.d1, one.d2, other.d1, other.d2]
    assert all(abs(np.corrcoef(a, b)[0, 1]) < 0.4 for i, a in enumerate(drawn) for b in drawn[:i])
    assert not torch.equal(parts["0.weight"], parts["1.weight"])


def test_plane_records_norms_cosine_kind_scaling_and_seed_d2() -> None:
    plane, _, _ = plane_of(Mixed(), seed=5, scaling="layer", orthogonal=False)
    assert (plane.kind, plane.scaling, plane.seed) == ("random", "layer", 5)
    assert plane.norms == (np.linalg.norm(plane.d1), np.linalg.norm(plane.d2))
    assert plane.cosine == pytest.approx(plane.d1 @ plane.d2 / np.prod(plane.norms), abs=1e-15)
    assert Plane(np.ones(2), np.ones(2), np.zeros(2)).cosine == 0


def test_points_are_computed_from_theta_and_arrays_are_copied_d2() -> None:
    theta, d1, d2 = np.ones(3), np.arange(3.0), np.ones(3)
    plane = Plane(theta, d1, torch.tensor(d2))
    theta += 1
    d1 += 1
    assert np.array_equal(plane.point(2, -1), [0.0, 2.0, 4.0])
    with pytest.raises(ValueError, match="read-only"):
        plane.d1[0] = 1


@pytest.mark.parametrize(
    ("theta", "d1", "d2"),
    [
        (np.ones(3), np.ones(2), np.ones(3)),
        (np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2))),
        (np.ones(2), np.array([1, np.nan]), np.ones(2)),
        (np.ones(2), np.ones(2), np.array([np.inf, 0])),
    ],
)
def test_mismatched_or_non_finite_directions_raise_d2(theta, d1, d2) -> None:
    with pytest.raises(ValueError, match=r"shapes|finite"):
        Plane(theta, d1, d2)


def test_plane_of_another_network_raises_d2() -> None:
    with pytest.raises(ValueError, match=r"4 weights.*3"):
        measure_surface(quadratic(np.eye(3), np.ones(3)), grid(), plane=Plane(np.ones(4), np.ones(4), np.ones(4)))
