"""The evaluation set: batches of samples, on the device and in the precision of a network (D0).

A batch is a tensor, or tuples, lists and dictionaries of tensors. An evaluation set is held in memory as one batch that
is sliced, or read batch by batch where its batches differ in shape or are too large together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, from_numpy
from torch.utils._pytree import tree_flatten, tree_map

from normscape.landscape.objective.batching import batches
from normscape.landscape.objective.problem.validation import require_batch, require_equal_counts, require_samples

Batch = Any
"""A tensor, or tuples, lists and dictionaries of tensors with one sample per row."""

HELD_BYTES = 2**30
"""Size up to which the batches of an iterable are held in memory."""


SAMPLES_CHECKED = 1024
"""Samples of a memory map that are read at a time when its values are checked."""


class EvaluationSet(Protocol):
    """Samples in a fixed order; a part is a range of them that is evaluated in one pass."""

    @property
    def count(self) -> int:
        """M, the number of samples."""

    def parts(self, size: int, *, minimum: int = 1) -> tuple[slice, ...]:
        """Return parts of about `size` samples, the last one of at least `minimum` where the set can be divided."""

    def at(self, part: slice) -> Batch:
        """Return the samples of a part."""

    def mapped(self, change: Callable[[Tensor], Tensor]) -> EvaluationSet:
        """Return the same samples with another layout of their tensors."""


class Stacked:
    """Samples that are held in memory, or in memory maps, as one batch."""

    def __init__(self, tree: Batch, convert: Callable[[Batch], Batch] | None = None) -> None:
        """Hold a batch; `convert` is applied to each part of it.

        Raises:
            ValueError: there are no samples, or tensors differ in their number.
        """
        lengths = [len(leaf) for leaf in tree_flatten(tree)[0] if _is_array(leaf) and leaf.ndim > 0]
        require_equal_counts(lengths)
        self.tree, self.count, self._convert = tree, lengths[0], convert
        plain = isinstance(tree, tuple) and all(isinstance(leaf, Tensor) and leaf.ndim for leaf in tree)
        self._tensors: tuple[Tensor, ...] | None = tree if plain and convert is None else None

    @property
    def is_mapped(self) -> bool:
        """Whether tensors are in memory maps."""
        return _is_mapped(self.tree)

    def parts(self, size: int, *, minimum: int = 1) -> tuple[slice, ...]:
        """Return parts of `size` samples."""
        return tuple(batches(self.count, size, minimum=minimum))

    def at(self, part: slice) -> Batch:
        """Return the samples of a part, as views."""
        if self._tensors is not None:  # the usual case, without the time that a tree takes
            return tuple(tensor[part] for tensor in self._tensors)
        divided = tree_map(lambda leaf: leaf[part] if _is_array(leaf) and leaf.ndim > 0 else leaf, self.tree)
        return divided if self._convert is None else self._convert(divided)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Stacked:
        """Return the same samples with another layout of their tensors."""
        convert = self._convert
        if convert is not None:
            return Stacked(self.tree, lambda batch: _changed(convert(batch), change))
        return Stacked(_changed(self.tree, change))


class Sequenced:
    """Batches that are read one after the other, in the order of their source."""

    def __init__(self, source: Iterable[Batch], sizes: Sequence[int], convert: Callable[[Batch], Batch]) -> None:
        """Prepare to read batches of known sizes; `convert` puts one on the device."""
        ends = np.cumsum(sizes).tolist()
        self._source, self._convert = source, convert
        self._parts = tuple(slice(end - size, end) for end, size in zip(ends, sizes, strict=True))
        self._position = {part.start: index for index, part in enumerate(self._parts)}
        self._reader: Iterator[Batch] = iter(())
        self._next = len(sizes)
        self._last: Batch = None
        self._thread = ThreadPoolExecutor(max_workers=1)
        self.count = ends[-1]

    def parts(self, size: int, *, minimum: int = 1) -> tuple[slice, ...]:
        """Return the batches of the source; they cannot be divided."""
        del size, minimum
        return self._parts

    def at(self, part: slice) -> Batch:
        """Return a batch; the source is read from its beginning if it lies before the one that was read last."""
        index = self._position[part.start]
        if index != self._next - 1 or self._last is None:
            # in a thread, where no transform of torch.func is active that would hold on to what is kept here
            self._last = self._thread.submit(self._read, index).result()
        return self._last

    def _read(self, index: int) -> Batch:
        if index < self._next:
            self._reader, self._next = iter(self._source), 0
        batch = None
        while self._next <= index:
            try:
                batch = next(self._reader)
            except StopIteration:
                raise ValueError(
                    f"there are only {self._next} batches now, and there were {len(self._parts)}; the evaluation set "
                    "must be the same at every point"
                ) from None
            self._next += 1
        return self._convert(batch)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Sequenced:
        """Return the same batches with another layout of their tensors."""
        sizes = [part.stop - part.start for part in self._parts]
        convert = self._convert
        return Sequenced(self._source, sizes, lambda batch: _changed(convert(batch), change))


def evaluation_set(samples: Batch | Iterable[Batch], convert: Callable[[Batch], Batch]) -> EvaluationSet:
    """Return an evaluation set from what a user has.

    Args:
        samples: a batch of all samples (tensors, arrays, memory maps, or tuples and dictionaries of them); or a
            `DataLoader`, a list or another iterable of batches that gives the same batches each time it is read.
        convert: puts a batch on the device and into the precision of the network.

    Raises:
        TypeError: the samples are no batches, such as a Dataset that gives single samples.
        ValueError: there are no samples, their numbers differ, a value is not finite, or an iterable can be read only
            once or gives other batches the second time.
    """
    if isinstance(samples, Stacked | Sequenced):
        return samples
    require_samples(samples)
    if _is_batch(samples):
        require_batch(samples)
        if not _is_mapped(samples):
            converted = Stacked(convert(samples))
            require_finite(converted.tree)
            return converted
        mapped = Stacked(samples, convert)
        for part in mapped.parts(SAMPLES_CHECKED):
            require_finite(mapped.at(part))
        return mapped
    if iter(samples) is samples:
        raise ValueError("the batches can be read only once; pass a list or a DataLoader in place of an iterator")
    return _from_iterable(samples, convert)


def _from_iterable(source: Iterable[Batch], convert: Callable[[Batch], Batch]) -> EvaluationSet:
    kept: list[Batch] = []
    sizes: list[int] = []
    prints: list[bytes] = []
    held = 0
    for raw in source:
        require_batch(raw)
        batch = convert(raw)
        require_finite(batch)
        sizes.append(Stacked(batch).count)
        prints.append(_fingerprint(batch))
        held += _bytes(batch)
        if held <= HELD_BYTES:
            kept.append(batch)
        else:
            kept.clear()
    if not sizes:
        raise ValueError("the evaluation set has no batches")
    _require_same_order(map(convert, source), prints)
    if held > HELD_BYTES:
        return Sequenced(source, sizes, convert)
    return _stacked(kept) or Sequenced(kept, sizes, lambda batch: batch)


def _require_same_order(source: Iterable[Batch], prints: Sequence[bytes]) -> None:
    """Check that an iterable gives the same batches again.

    Raises:
        ValueError: it does not, for example a DataLoader that shuffles or augments.
    """
    again = [_fingerprint(batch) for batch in source]
    if again != list(prints):
        differs = next((k for k, (a, b) in enumerate(zip(prints, again, strict=False)) if a != b), len(again))
        raise ValueError(
            f"batch {differs} differs when the batches are read a second time; the evaluation set must be the same at "
            "every point: use shuffle=False and no random transforms"
        )


def _stacked(converted: Sequence[Batch]) -> Stacked | None:
    """Return batches as one, None if their structures or shapes differ."""
    flat = [tree_flatten(batch) for batch in converted]
    leaves, (_, structure) = [leaves for leaves, _ in flat], flat[0]
    if any(other != structure for _, other in flat):
        return None
    columns = list(zip(*leaves, strict=True))
    if any(not all(isinstance(leaf, Tensor) and leaf.ndim > 0 for leaf in column) for column in columns):
        return None
    if any(len({(leaf.shape[1:], leaf.dtype) for leaf in column}) > 1 for column in columns):
        return None
    return Stacked(torch.utils._pytree.tree_unflatten([torch.cat(column) for column in columns], structure))


def require_finite(batch: Batch) -> None:
    """Check that the numbers of a batch are finite.

    Raises:
        ValueError: one is not; the message has the number of its sample.
    """
    for leaf in tree_flatten(batch)[0]:
        if not isinstance(leaf, Tensor) or leaf.is_meta or not leaf.is_floating_point():
            continue
        finite = torch.isfinite(leaf)
        if not finite.all():
            sample = int((~finite).reshape(len(leaf), -1).any(1).nonzero()[0]) if leaf.ndim else 0
            raise ValueError(f"sample {sample} holds a value that is not finite, of shape {tuple(leaf.shape[1:])}")


def as_tensor(values: Tensor | np.ndarray) -> Tensor:
    """Return a tensor. Arrays are copied, because torch does not support read-only arrays."""
    return values if isinstance(values, Tensor) else from_numpy(np.array(values))


def _is_mapped(batch: Batch) -> bool:
    return any(isinstance(leaf, np.memmap) for leaf in tree_flatten(batch)[0])


def _changed(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    return tree_map(lambda leaf: change(leaf) if isinstance(leaf, Tensor) else leaf, batch)


def _is_array(leaf: object) -> bool:
    return isinstance(leaf, Tensor | np.ndarray)


def _is_batch(samples: object) -> bool:
    """Whether samples are one batch and no sequence of batches; a list of tensors counts as a batch, like a tuple."""
    if _is_array(samples) or isinstance(samples, tuple | Mapping):
        return True
    return isinstance(samples, list) and bool(samples) and all(map(_is_array, samples))


def _fingerprint(batch: Batch) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for leaf in tree_flatten(batch)[0]:
        if isinstance(leaf, Tensor):
            digest.update(leaf.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
        else:
            digest.update(repr(leaf).encode())
    return digest.digest()


def _bytes(batch: Batch) -> int:
    return sum(leaf.nbytes for leaf in tree_flatten(batch)[0] if _is_array(leaf))
