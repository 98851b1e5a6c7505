"""The plane of principal components and its random-walk baseline (D12)."""

import numpy as np
import pytest

from normscape.landscape.plane.principal_components import principal_plane, random_walk_shares


def test_a_path_in_a_plane_is_in_the_plane() -> None:
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.standard_normal((30, 2)))
    places = np.array([[5.0, 1.0], [3.0, -1.0], [1.0, 0.5], [0.0, 0.0]])
    origin = rng.standard_normal(30)
    found = principal_plane(origin + places @ basis.T, origin)
    assert found.left == pytest.approx(np.zeros(4), abs=1e-9)
    assert found.explained.sum() == pytest.approx(1)
    assert np.linalg.norm(found.coordinates, axis=1) == pytest.approx(np.linalg.norm(places, axis=1))
    assert found.coordinates[-1] == pytest.approx([0, 0], abs=1e-12)
    assert (found.coordinates[0] >= 0).all()
    assert found.directions @ found.directions.T == pytest.approx(np.eye(2), abs=1e-12)


def test_components_are_those_of_the_singular_value_decomposition_without_centering() -> None:
    rng = np.random.default_rng(1)
    weights, origin = rng.standard_normal((6, 40)).cumsum(0), rng.standard_normal(40)
    found = principal_plane(weights, origin)
    _, values, vectors = np.linalg.svd(weights - origin, full_matrices=False)
    assert found.explained == pytest.approx(values[:2] ** 2 / (values**2).sum())
    assert np.abs(np.sum(found.directions * vectors[:2], axis=1)) == pytest.approx([1, 1])
    centered = weights - weights.mean(0)
    values = np.linalg.svd(centered, compute_uv=False)
    assert found.explained_centered == pytest.approx(values[:2] ** 2 / (values**2).sum())
    differences = weights - origin
    rest = (differences**2).sum(1) - (found.coordinates**2).sum(1)
    assert found.left**2 == pytest.approx(rest)


def test_a_line_has_one_component_and_equal_weights_none() -> None:
    line = np.outer([3.0, 2.0, 1.0], np.arange(1.0, 6.0))
    found = principal_plane(line, np.zeros(5))
    assert found.explained == pytest.approx([1, 0], abs=1e-12)
    assert not found.directions[1].any()
    with pytest.raises(ValueError, match="equal weights, so their path defines no plane"):
        principal_plane(np.ones((3, 4)), np.ones(4))


@pytest.mark.parametrize(
    ("centered", "limit", "first", "ten"),
    [(False, 80 / (9 * np.pi**2), 8 / np.pi**2, 0.906), (True, 15 / (2 * np.pi**2), 6 / np.pi**2, 0.775)],
)
def test_a_random_walk_has_its_published_limits(centered: bool, limit: float, first: float, ten: float) -> None:
    many = random_walk_shares(np.arange(1001), centered=centered)
    assert many.sum() == pytest.approx(limit, abs=1e-3)
    assert many[0] == pytest.approx(first, abs=1e-3)
    assert random_walk_shares(np.arange(11), centered=centered).sum() == pytest.approx(ten, abs=5e-4)


@pytest.mark.parametrize("steps", [np.arange(9), np.array([0, 4, 9, 18, 37, 75, 150, 300])])
def test_a_simulated_walk_in_many_dimensions_explains_as_much(steps: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    moves = np.sqrt(np.diff(steps))[:, None] * rng.standard_normal((len(steps) - 1, 40_000))
    walk = np.concatenate([np.zeros((1, 40_000)), moves.cumsum(0)])
    found = principal_plane(walk, walk[-1])
    assert found.explained == pytest.approx(random_walk_shares(steps, centered=False), abs=0.01)
    assert found.explained_centered == pytest.approx(random_walk_shares(steps, centered=True), abs=0.01)
