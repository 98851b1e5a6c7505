"""CSV: every evaluated point in a row, with the numbers of the surface exactly."""

import csv
import io
from dataclasses import replace

import numpy as np

from normscape.exports.formats.csv_table import COLUMNS, csv_table
from tests.exports.test_picture import made


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_point_of_every_network_has_a_row_with_exact_numbers() -> None:
    surfaces = {"No normalization": made(), 'Batch norm, "quoted"': made(((1 / 3, 2.0), (1e-12, 4.0)))}
    found = rows(csv_table(surfaces))
    assert [row["network"] for row in found] == [label for label in surfaces for _ in range(4)]
    for label, surface in surfaces.items():
        own = [row for row in found if row["network"] == label]
        for name in COLUMNS:
            np.testing.assert_array_equal([float(row[name]) for row in own], getattr(surface, name).ravel())
        assert [(float(row["alpha"]), float(row["beta"])) for row in own] == [(-1, -1), (1, -1), (-1, 1), (1, 1)]


def test_what_was_not_evaluated_has_no_row_and_what_is_not_finite_an_empty_cell() -> None:
    surface = made(((4.0, np.inf), (2.0, 3.0)))
    surface = replace(surface, evaluated=np.array([[True, True], [False, True]]), accuracy=None)
    found = rows(csv_table({"a": surface}))
    assert len(found) == 3
    assert found[1]["loss"] == ""
    assert {row["accuracy"] for row in found} == {""}
