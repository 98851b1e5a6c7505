"""Numbers as text, and tuples of numbers in controls."""

import math

import pytest

from normscape.views.widgets.fields import _text
from normscape.views.widgets.numbers import GIBIBYTE, KIBIBYTE, MEBIBYTE, number, used_of


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.1734, 2, "0.17"),
        (848.2, 2, "850"),
        (163_412.0, 2, "160,000"),
        (-1234.0, 3, "−1,230"),
        (4.43e6, 2, "4,400,000"),
        (2.5e12, 2, "2.5·10¹²"),
        (0.00012, 2, "0.00012"),
        (1.5e-5, 2, "1.5·10⁻⁵"),
        (-1.2e-7, 2, "−1.2·10⁻⁷"),
        (1e-5, 3, "10⁻⁵"),
        (9.999e8, 2, "10⁹"),
        (0.0, 3, "0"),
        (math.nan, 3, "n/a"),
        (math.inf, 3, "infinite"),
    ],
)
def test_numbers_are_written_out_or_have_a_power_of_ten(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


def test_a_control_shows_numbers_that_read_back_exactly() -> None:
    values = (63.0 / 255, 0.5, 1 / 3, 2.0, 1e-9, 123456789.0)
    assert tuple(map(float, _text(values).split(", "))) == values
    assert _text((0.5, 2.0)) == "0.5, 2"


def test_used_bytes_are_in_the_unit_of_the_limit_unless_they_are_few() -> None:
    assert used_of(int(1.4 * GIBIBYTE), 5 * GIBIBYTE) == "1.4 of 5 GiB"
    assert used_of(23 * MEBIBYTE, 5 * GIBIBYTE) == "23 MiB of 5 GiB"
    assert used_of(300 * KIBIBYTE, 5 * GIBIBYTE) == "300 KiB of 5 GiB"
    assert used_of(0, GIBIBYTE // 2) == "0 KiB of 0.5 GiB"
