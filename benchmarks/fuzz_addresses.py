"""Reads fuzzed addresses as a page does, and counts what was used, noted and raised.

`python -m benchmarks.fuzz_addresses`. An address may hold anything. The reader must raise nothing, and what it returns
must be written to an address that reads as the same experiment.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from normscape.specs import Display, Experiment, from_query, to_query
from normscape.specs.experiment import comparable_paths
from normscape.specs.fields import paths
from normscape.views.session.address import NAMES
from normscape.views.texts.escape import MOST_LETTERS, printable

COUNT = 10_000

KEYS = [
    *(path.removeprefix("run.").removeprefix("surface.") for path in comparable_paths()),
    *(path for path, _, _ in paths(Display())),
    *("compare", "values", "", "a.b", "data", "data.", "run.model.norm", "\ud800"),
]

VALUES = [
    *("", " ", "auto", "on", "off", "none,batch", "0", "-1", "1e309", "nan", "inf", "1,2,3", "1;2", ",", ";;", "0x10"),
    *(
        "9" * 5000,
        "x" * 400_000,
        "1," * 5000,
        "\ud800",
        "\x00",
        "\u202e",
        "٣",
        "१",
        "<script>",
        "![x](http://127.0.0.1:1/)",
    ),
    *(name for registry in NAMES.values() for name in registry),
    *(
        "random",
        "checkpoints",
        "filter",
        "batch",
        "running",
        "adam",
        "float64",
        "train",
        "first",
        "gradient-change-ratio",
    ),
]


def main(count: int = COUNT, seed: int = 0) -> int:
    """Read addresses, print the counts, and return the number of failures."""
    generator, counts, longest = random.Random(seed), Counter[str](), 0
    for _ in range(count):
        query = _address(generator)
        for default in (Experiment(), Display()):
            try:
                spec, notes = from_query(query, default, NAMES)
                counts["with notes" if notes else "without notes"] += 1
                longest = max(longest, *(len(printable(note)) for note in notes), 0)
                counts["read differently again"] += from_query(to_query(spec, default), default, NAMES) != (spec, ())
            except Exception as error:  # any of them would end a session
                counts[f"raised {type(error).__name__}"] += 1
    print(f"{count:,} addresses, an experiment and a display of each:")
    for name, number in sorted(counts.items()):
        print(f"{number:>8,} {name}")
    print(f"{longest:>8,} letters in the longest note with its escapes; {MOST_LETTERS} without them")
    return sum(number for name, number in counts.items() if name.startswith(("raised", "read")))


def _address(generator: random.Random) -> dict[str, str]:
    return {generator.choice(KEYS): _value(generator) for _ in range(generator.randint(1, 6))}


def _value(generator: random.Random) -> str:
    """Return a value, several of them, a number, or random letters."""
    choice = generator.random()
    if choice < 0.5:
        return generator.choice(VALUES)
    if choice < 0.7:
        return ",".join(generator.choice(VALUES)[:50] for _ in range(generator.randint(2, 9)))
    if choice < 0.85:
        return str(generator.choice([generator.randint(-5, 10**6), generator.uniform(-1, 1e7), generator.random()]))
    return "".join(chr(generator.randrange(0x11000)) for _ in range(generator.randint(1, 40)))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
