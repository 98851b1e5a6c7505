"""Two-dimensional classification problems with curved class boundaries."""

import numpy as np

POINTS = 1000


def moons(size: int | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two interleaving half circles with noise of deviation 0.15: inputs (N, 2), classes (N,)."""
    from sklearn.datasets import make_moons

    return make_moons(size or POINTS, noise=0.15, random_state=seed)  # type: ignore[no-any-return]


def circles(size: int | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two rings, one of half the radius, with noise of deviation 0.1: inputs (N, 2), classes (N,)."""
    from sklearn.datasets import make_circles

    return make_circles(size or POINTS, noise=0.1, factor=0.5, random_state=seed)  # type: ignore[no-any-return]


def blobs(size: int | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return three Gaussian clouds of deviation 1 around centers drawn in [-4, 4]²: inputs (N, 2), classes (N,)."""
    from sklearn.datasets import make_blobs

    inputs, targets = make_blobs(size or POINTS, centers=3, center_box=(-4.0, 4.0), random_state=seed)
    return inputs, targets


def spirals(size: int | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return three spiral arms of one and a quarter turns, noise of deviation 0.1: inputs (N, 2), classes (N,)."""
    count, arms = size or POINTS, 3
    generator = np.random.default_rng(seed)
    targets = np.arange(count) % arms
    radius = np.sqrt(generator.uniform(size=count))
    angle = 2 * np.pi * (1.25 * radius + targets / arms)
    inputs = 3 * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return inputs + generator.normal(scale=0.1, size=inputs.shape), targets
