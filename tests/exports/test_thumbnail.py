"""Thumbnails: one map per network, on one scale, the first row at the bottom."""

import io

import numpy as np
from PIL import Image

from normscape.exports.thumbnail import GAP, MISSING, MOST_MAPS, SIDE, thumbnail_png

LOW, HIGH = (68, 1, 84), (253, 231, 37)  # the ends of viridis


def pixels(losses: list[np.ndarray]) -> np.ndarray:
    content = thumbnail_png(losses)
    assert content is not None
    return np.asarray(Image.open(io.BytesIO(content)))


def test_maps_share_one_scale_and_the_first_row_is_at_the_bottom() -> None:
    image = pixels([np.array([[1.0, 1.0], [10.0, 10.0]]), np.full((2, 2), 100.0)])
    assert image.shape == (SIDE, 2 * SIDE + GAP, 4)
    assert np.abs(image[-1, 0, :3].astype(int) - LOW).max() <= 2
    middle = image[0, 0, :3].astype(int)  # 10 is half way from 1 to 100 on the logarithmic scale
    assert np.abs(middle - (33, 144, 140)).max() <= 4
    assert np.abs(image[0, -1, :3].astype(int) - HIGH).max() <= 2
    assert image[0, SIDE + 1, 3] == 0


def test_values_that_are_not_positive_get_a_linear_scale() -> None:
    image = pixels([np.array([[-1.0, -1.0], [1.0, 1.0]])])
    assert np.abs(image[-1, 0, :3].astype(int) - LOW).max() <= 2
    assert np.abs(image[0, 0, :3].astype(int) - HIGH).max() <= 2


def test_missing_points_are_gray_and_equal_ones_have_one_color() -> None:
    assert tuple(pixels([np.full((2, 2), np.nan), np.ones((2, 2))])[0, 0]) == MISSING
    assert len(np.unique(pixels([np.ones((3, 3))]).reshape(-1, 4), axis=0)) == 1


def test_nothing_finite_is_no_picture_and_many_networks_are_cut() -> None:
    assert thumbnail_png([]) is None
    assert thumbnail_png([np.full((2, 2), np.inf)]) is None
    assert pixels([np.ones((2, 2))] * 8).shape[1] == MOST_MAPS * (SIDE + GAP) - GAP
