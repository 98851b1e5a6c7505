"""Mini-batches: the samples of every training step, determined by the spec and the step alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.data import Dataset, Samples, load_data
from normscape.landscape.data.byte_cache import ByteCache
from normscape.landscape.runtime import device
from normscape.specs import DataSpec, RunSpec

CONVERTED_BYTES = 2**29
"""Training sets up to this size in float32 are converted once; larger ones batch by batch."""

CACHED_BYTES = 2**28
"""Size of the converted samples that a process keeps of other data sets than the last."""

PADDING_SHARE = 8
"""Random crops pad an image by its side divided by this: 4 pixels at 32 × 32, as in He et al. 2016 (arXiv 1512.03385,
§4.2)."""


def tensor_bytes(tensors: tuple[Tensor, ...]) -> int:
    """Return the memory of tensors."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


_CONVERTED: ByteCache[tuple[Tensor, Tensor]] = ByteCache(CACHED_BYTES, tensor_bytes)


def batch_of(spec: RunSpec, data: Dataset, step: int) -> tuple[Tensor, Tensor]:
    """Return inputs and targets (m, ...) of the mini-batch for the step after `step` steps, in float32, on the device.

    A training set that is converted once stays on the device, so that on a GPU a step moves no samples.

    Raises:
        ValueError: samples that are not images are to be augmented.
    """
    indices = _indices(spec, len(data.train), step)
    if 4 * data.train.raw.size > CONVERTED_BYTES:
        x, y = (moved(tensor, device()) for tensor in samples_as_tensors(data.train, indices))
    else:
        inputs, targets = _converted(data.spec, device())
        chosen = indices if isinstance(indices, slice) else moved(torch.from_numpy(indices), device())
        x, y = inputs[chosen], targets[chosen]
    return _augmented(x, spec, step), y


def batch_size_of(spec: RunSpec, count: int) -> int:
    """Return the number of samples in one step, of `count` training samples."""
    return count if spec.training.optimizer == "gradient-descent" else min(spec.training.batch_size, count)


def moved(tensor: Tensor, where: torch.device) -> Tensor:
    """Return a tensor on a device. A copy to a GPU does not wait for the work that the GPU still has."""
    return (tensor.pin_memory() if where.type == "cuda" else tensor).to(where, non_blocking=True)


def _indices(spec: RunSpec, count: int, step: int) -> np.ndarray | slice:
    """Return the indices of the training samples of one step.

    Every epoch has its own order, determined by the seed and the epoch. Samples that do not fill a batch are skipped in
    that epoch, so that every batch has the same size.
    """
    size = batch_size_of(spec, count)
    if size == count:
        return slice(None)
    epoch, position = divmod(step, count // size)
    return _order(spec.training.seed, epoch, count)[position * size : (position + 1) * size]


@lru_cache(maxsize=8)  # shared by all steps of an epoch
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(count)


def _converted(spec: DataSpec, where: torch.device) -> tuple[Tensor, Tensor]:
    """Return all training inputs and targets, on a device; all steps and the compared networks share them."""

    def convert() -> tuple[Tensor, Tensor]:
        inputs, targets = samples_as_tensors(load_data(spec).train, slice(None))
        return moved(inputs, where), moved(targets, where)

    return _CONVERTED.get_or_create((spec, where), convert)


def samples_as_tensors(samples: Samples, indices: np.ndarray | slice) -> tuple[Tensor, Tensor]:
    """Return inputs in float32, and targets: class indices as they are, values in float32."""
    inputs, targets = samples.inputs(indices).astype(np.float32), np.array(samples.targets[indices])
    y = torch.from_numpy(targets)
    return torch.from_numpy(inputs), y.float() if y.is_floating_point() else y


def _augmented(inputs: Tensor, spec: RunSpec, step: int) -> Tensor:
    """Mirror each image with probability ½, and crop it at random after padding with zeros, as the spec says."""
    kind = spec.training.augmentation
    if kind == "none":
        return inputs
    if inputs.ndim != 4:
        raise ValueError(
            f"training.augmentation is {kind!r}, which needs images; samples of {spec.data.name} have the shape "
            f"{tuple(inputs.shape[1:])}, so use 'none'"
        )
    # the fourth stream of this seed: the first orders the samples, and the data set's own draw and split them
    random = np.random.default_rng([spec.training.seed, 3, step])
    mirrored = moved(torch.from_numpy(random.random(len(inputs)) < 0.5), inputs.device)
    inputs = torch.where(mirrored[:, None, None, None], inputs.flip(-1), inputs)
    return _cropped(inputs, random) if kind == "crop-flip" else inputs


def _cropped(inputs: Tensor, random: np.random.Generator) -> Tensor:
    height, width = inputs.shape[-2:]
    vertical, horizontal = height // PADDING_SHARE, width // PADDING_SHARE
    padded = torch.nn.functional.pad(inputs, (horizontal, horizontal, vertical, vertical))
    where, count = inputs.device, len(inputs)
    down, right = (moved(torch.from_numpy(random.integers(0, 2 * n + 1, count)), where) for n in (vertical, horizontal))
    rows, columns = (shift[:, None] + torch.arange(n, device=where) for shift, n in ((down, height), (right, width)))
    samples = torch.arange(count, device=where)[:, None, None]
    # advanced indices around a slice put the channels last
    return padded[samples, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
