"""The matrices whose spectra are measured: the Hessian, its scale-free form, and the block of a layer (D8, D10)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.measurement import Stop
from normscape.landscape.objective.curvature.lanczos import Product
from normscape.landscape.objective.curvature.sharpness import filter_scale, hessian_product
from normscape.landscape.objective.layers import layers_of
from normscape.landscape.objective.objective import Objective


@dataclass(frozen=True, eq=False)
class Matrix:
    """The symmetric matrix EᵀHE: E selects the parameters that move, and multiplies by filter norms if scale-free."""

    hessian: Product  # v (P,) ↦ H(θ)v (P,)
    positions: Tensor  # (n,) positions in θ, increasing
    scale: Tensor | None  # (n,) norms of the filters; None for the raw Hessian
    size: int  # P
    dtype: torch.dtype  # of θ

    @property
    def dimensions(self) -> int:
        """n, the number of rows."""
        return len(self.positions)

    def direction(self, v: Tensor) -> Tensor:
        """Return Ev (P,), the direction in θ of a vector v (n,)."""
        direction = v.new_zeros(self.size)
        direction[self.positions] = v if self.scale is None else self.scale * v
        return direction

    def multiply(self, v: Tensor) -> Tensor:
        """Return EᵀHEv (n,)."""
        image = self.hessian(self.direction(v))[self.positions]
        return image if self.scale is None else self.scale * image

    def gaussian(self, seed: int) -> Tensor:
        """Return a standard normal vector (n,)."""
        return self._tensor(np.random.default_rng(seed).standard_normal(self.dimensions))

    def signs(self, seed: int, number: int) -> Tensor:
        """Return a vector of independent random signs (n,), the probe of that number."""
        return self._tensor(2.0 * np.random.default_rng([seed, number]).integers(0, 2, self.dimensions) - 1.0)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self.positions.device, self.dtype)


def matrix_of(objective: Objective, *, form: str = "raw", layer: str = "", stop: Stop = lambda: False) -> Matrix:
    """Return the Hessian at an objective's θ, or its scale-free form SHS, of all parameters or of one layer.

    Args:
        objective: the loss.
        form: "raw" for H, or "scale-free" for SHS with S the diagonal of filter norms, whose rows without filters
            are left out (D8).
        layer: a name in `layers_of`, whose block is returned; "" for all layers.
        stop: polled before every product.

    Raises:
        ValueError: the form or the layer is unknown, or the layer has no filters and so no scale-free form.
        TypeError: it is no objective.
    """
    if form not in ("raw", "scale-free"):
        raise ValueError(f"form is {form!r}; it must be 'raw' or 'scale-free'")
    hessian = hessian_product(objective, stop)
    chosen = objective.layout.only_moving(torch.ones_like(objective.theta)) > 0
    if layer:
        chosen &= _block(objective, layer)
    scale = filter_scale(objective) if form == "scale-free" else None
    if scale is not None:
        chosen &= scale > 0
    positions = chosen.nonzero()[:, 0]
    if not len(positions):
        raise ValueError(f"the layer {layer!r} has no filters, so it has no scale-free form" if layer else _EMPTY)
    own = None if scale is None else scale[positions]
    return Matrix(hessian, positions, own, len(objective.theta), objective.theta.dtype)


_EMPTY = "no parameter of the network has filters, so there is no scale-free form"


def _block(objective: Objective, layer: str) -> Tensor:
    layers = layers_of(objective.layout)
    if layer not in layers:
        raise ValueError(f"the network has no layer {layer!r}; it has {', '.join(layers)}")
    block = torch.zeros_like(objective.theta, dtype=torch.bool)
    for position in layers[layer]:
        block[position] = True
    return block
