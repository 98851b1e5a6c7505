"""Thumbnails: surfaces in 3-D on one scale, in one size, whatever they show."""

import io

import numpy as np
import pytest
from PIL import Image

from normscape.exports.thumbnail import HEIGHT, MOST_SURFACES, WIDTH, thumbnail, thumbnail_png

LOW, HIGH = (68, 1, 84), (253, 231, 37)  # the ends of viridis
MIDDLE = (33, 144, 140)


def pixels(values: list[np.ndarray], scale: str = "log") -> np.ndarray:
    picture = thumbnail(values, scale=scale)
    assert picture is not None
    return np.asarray(picture).astype(int)


def colors(image: np.ndarray) -> np.ndarray:
    """The colors of a picture's opaque pixels, (N, 3)."""
    return image[image[..., 3] == 255][:, :3]


def direction(color: tuple[int, int, int]) -> np.ndarray:
    """A color without its brightness, which shading changes."""
    return np.array(color) / np.linalg.norm(color)


def flat(value: float) -> np.ndarray:
    return np.full((3, 3), value)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 12])
def test_every_picture_has_the_same_size_and_every_surface_is_whole(count: int) -> None:
    image = pixels([flat(float(k + 1)) for k in range(count)])
    assert image.shape == (HEIGHT, WIDTH, 4)
    edges = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert not edges[:, 3].any()
    shown = {tuple(color) for color in colors(image)}
    assert len(shown) >= min(count, MOST_SURFACES)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_surfaces_share_one_scale_whose_colors_are_logarithmic(scale: str) -> None:
    image = pixels([flat(1.0), flat(10.0), flat(100.0), flat(100.0)], scale)  # two rows of two; 10 is half way
    quarters = image[: HEIGHT // 2, : WIDTH // 2], image[: HEIGHT // 2, WIDTH // 2 :], image[HEIGHT // 2 :]
    for quarter, expected in zip(quarters, (LOW, MIDDLE, HIGH), strict=True):
        mean = colors(quarter).mean(axis=0)
        assert np.abs(mean / np.linalg.norm(mean) - direction(expected)).max() <= 0.03


def test_linear_heights_are_not_logarithms_and_negative_values_have_linear_ones() -> None:
    values = [flat(1.0), flat(10.0), flat(100.0), flat(100.0)]
    assert (pixels(values, "linear") != pixels(values)).any()
    np.testing.assert_array_equal(pixels([flat(-1.0), flat(1.0)]), pixels([flat(-1.0), flat(1.0)], "linear"))


def test_the_first_row_is_nearest_to_the_viewer() -> None:
    slope = np.tile(np.array([[1.0], [2.0], [3.0]]), (1, 3))
    image = pixels([slope], "linear")
    opaque = np.argwhere(image[..., 3] == 255)
    top, bottom = image[tuple(opaque[0])][:3], image[tuple(opaque[-1])][:3]
    assert bottom[0] < top[0]  # the low end is violet, the high end yellow


def test_missing_points_are_gaps_and_a_surface_without_values_is_an_outline() -> None:
    holed = np.ones((9, 9))
    holed[4, 4] = np.nan
    assert (pixels([holed])[..., 3] > 0).sum() < (pixels([np.ones((9, 9))])[..., 3] > 0).sum()
    beside = pixels([flat(1.0), np.full((2, 2), np.nan)])
    left, right = (beside[:, half, 3] > 0 for half in (slice(0, WIDTH // 2), slice(WIDTH // 2, None)))
    assert 0 < right.sum() < left.sum() / 5


def test_equal_values_have_one_color() -> None:
    assert len(np.unique(colors(pixels([np.ones((3, 3))])), axis=0)) == 1


def test_nothing_finite_is_no_picture() -> None:
    assert thumbnail([]) is None
    assert thumbnail_png([flat(np.inf)]) is None
    content = thumbnail_png([flat(1.0)])
    assert content is not None
    assert Image.open(io.BytesIO(content)).size == (WIDTH, HEIGHT)
