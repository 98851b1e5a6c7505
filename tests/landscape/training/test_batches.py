"""Mini-batches: repeatable, and augmented as He et al. 2016 do."""

import numpy as np
import pytest
import torch

from normscape.landscape import load_data
from normscape.landscape.training import batches
from normscape.landscape.training.batches import batch_of
from normscape.specs import DataSpec, RunSpec, TrainingSpec

SIDE, PADDING = 8, 1  # of the digits


def run(augmentation: str, **training) -> RunSpec:
    return RunSpec(DataSpec(size=200), training=TrainingSpec(batch_size=50, augmentation=augmentation, **training))


def images(spec: RunSpec, step: int = 0) -> torch.Tensor:
    return batch_of(spec, load_data(spec.data), step)[0]


def test_batches_of_large_and_small_training_sets_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = run("none")
    converted = batch_of(spec, load_data(spec.data), 3)
    monkeypatch.setattr(batches, "CONVERTED_BYTES", 0)
    for one, other in zip(converted, batch_of(spec, load_data(spec.data), 3), strict=True):
        assert torch.equal(one, other)


def test_flipped_images_are_mirrored_or_as_they_were() -> None:
    plain, flipped = images(run("none")), images(run("flip"))
    mirrored = [torch.equal(one.flip(-1), other) for one, other in zip(plain, flipped, strict=True)]
    unchanged = [torch.equal(one, other) for one, other in zip(plain, flipped, strict=True)]
    assert all(a or b for a, b in zip(mirrored, unchanged, strict=True))
    assert 10 <= sum(mirrored) <= 40


def test_cropped_images_are_windows_of_the_padded_image() -> None:
    plain, cropped = images(run("none")), images(run("crop-flip"))
    offsets = set()
    for one, other in zip(plain, cropped, strict=True):
        windows = {
            (mirrored, row, column): torch.nn.functional.pad(image, (PADDING,) * 4)[
                :, row : row + SIDE, column : column + SIDE
            ]
            for mirrored, image in ((False, one), (True, one.flip(-1)))
            for row in range(2 * PADDING + 1)
            for column in range(2 * PADDING + 1)
        }
        found = [key for key, window in windows.items() if torch.equal(window, other)]
        assert found
        offsets |= {key[1:] for key in found}
    assert len(offsets) == 9


def test_augmentation_is_determined_by_seed_and_step() -> None:
    spec = run("crop-flip")
    assert torch.equal(images(spec, 2), images(spec, 2))
    epoch = 160 // 50
    again, other = images(spec, 2 + epoch), images(run("crop-flip", seed=1), 2)
    assert not torch.equal(images(spec, 2), again)
    assert not torch.equal(images(spec, 2), other)


def test_augmentation_leaves_targets_and_training_data_unchanged() -> None:
    before = images(run("none")).clone()
    images(run("crop-flip"))
    assert torch.equal(images(run("none")), before)
    targets = [batch_of(run(kind), load_data(DataSpec(size=200)), 1)[1] for kind in ("none", "crop-flip")]
    assert np.array_equal(*targets)


def test_augmented_vectors_raise() -> None:
    spec = RunSpec(DataSpec("moons"), training=TrainingSpec(augmentation="flip"))
    with pytest.raises(ValueError, match=r"'flip'.*images.*moons.*\(2,\)"):
        images(spec)
