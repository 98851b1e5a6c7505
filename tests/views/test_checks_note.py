"""Red checks say what they mean: every check of a surface has a meaning."""

import inspect
import re

from normscape.landscape import Check
from normscape.landscape.surface import checks as landscape_checks
from normscape.views.surface.checks import MEANINGS, _sentence, meaning


def test_every_check_has_a_meaning_and_every_meaning_a_check() -> None:
    source = inspect.getsource(landscape_checks)
    assert all(f'"{start}' in source for start in MEANINGS)
    names = re.findall(r'Check\(\s*r?"([^"]*)"', source)
    assert len(names) == 8
    assert all(any(name.startswith(start) for start in MEANINGS) for name in names)
    assert meaning("Rounding: the loss against float64") == MEANINGS["Rounding"]
    assert "see *Checks*" in meaning("unknown")


def test_powers_of_ten_in_a_sentence_are_written_as_in_the_table() -> None:
    check = Check("Rounding", 0.0, 1e-5, 1e-3, "float32 rounds at about 1e-7 per operation; 21e3 stays.")
    assert _sentence(check) == "float32 rounds at about 10⁻⁷ per operation; 21e3 stays."
