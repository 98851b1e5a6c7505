"""The plane of the two leading principal components of checkpoints (D12; Li et al. 2018, §7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class PrincipalPlane:
    """Two orthonormal directions through the weights θ_n, and how much of the path they contain."""

    origin: np.ndarray  # (P,) θ_n
    directions: np.ndarray  # (2, P), of unit length; a missing component is 0
    coordinates: np.ndarray  # (n, 2) of every checkpoint
    left: np.ndarray  # (n,) ‖·‖ of what the plane leaves out
    explained: np.ndarray  # (2,) share of Σ ‖θ_i - θ_n‖² along each direction
    explained_centered: np.ndarray  # (2,) the same after the mean is subtracted, with the components of that


def principal_plane(weights: np.ndarray, origin: np.ndarray) -> PrincipalPlane:
    """Return the plane of the two leading principal components of {θ_i - θ_n}, which are not centered (D12).

    The plane so contains θ_n. The first component points from θ_n to where the path came from.

    Args:
        weights: θ_i (n, P) in the order of training, with or without θ_n.
        origin: θ_n (P,).

    Raises:
        ValueError: all checkpoints have equal weights.
    """
    differences = np.asarray(weights, dtype=np.float64) - origin
    values, directions = _components(differences)
    if not values[0] > 0:
        raise ValueError("all checkpoints have equal weights, so their path defines no plane")
    for direction in directions:  # a component has no sign: the path begins on the positive side
        if direction @ differences[0] < 0:
            direction *= -1
    coordinates = differences @ directions.T
    left = np.linalg.norm(differences - coordinates @ directions, axis=1)
    centered, _ = _components(differences - differences.mean(axis=0))
    return PrincipalPlane(origin, directions, coordinates, left, _shares(values), _shares(centered))


def random_walk_shares(steps: np.ndarray, *, centered: bool) -> np.ndarray:
    """Return what the two leading components explain of a random walk in many dimensions, seen from its end (2,).

    They are the leading eigenvalues of K_ij = min(t_i, t_j) over its trace, with t the time to the end; doubly
    centered, with the end, if the paths are centered (Antognini and Sohl-Dickstein 2018, arXiv 1806.08805).

    Args:
        steps: training steps of the checkpoints (n,), increasing; the last is the end.
        centered: whether the mean of the path is subtracted.
    """
    times = (steps[-1] - np.asarray(steps, dtype=np.float64))[: len(steps) if centered else -1]
    kernel = np.minimum.outer(times, times)
    if centered:
        kernel = kernel - kernel.mean(axis=0) - kernel.mean(axis=1)[:, None] + kernel.mean()
    values = np.linalg.eigvalsh(kernel)[::-1]
    leading = np.zeros(2)
    leading[: min(2, len(values))] = values[:2]
    shares: np.ndarray = leading / np.trace(kernel)
    return shares


def _components(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return all squared singular values in decreasing order, and the two leading right singular vectors (2, P)."""
    values, vectors = np.linalg.eigh(rows @ rows.T)  # (n, n): there are few checkpoints and many weights
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    directions = np.zeros((2, rows.shape[1]))
    for k in range(min(2, len(values))):
        if values[k] > 1e-14 * values[0]:
            directions[k] = vectors[:, k] @ rows / np.sqrt(values[k])
    return values, directions


def _shares(values: np.ndarray) -> np.ndarray:
    leading = np.zeros(2)
    leading[: min(2, len(values))] = values[:2]
    total = values.sum()
    shares: np.ndarray = leading / total if total > 0 else leading
    return shares
