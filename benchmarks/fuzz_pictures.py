"""Opens fuzzed pictures as an upload does, and counts what was opened, refused and raised.

`python -m benchmarks.fuzz_pictures`. A picture may come from anywhere: reading it must raise nothing but a
`ValueError` with a sentence, and what it opens must be an address that opens the same.
"""

from __future__ import annotations

import copy
import io
import json
import random
import sys
from collections import Counter
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from normscape.exports.metadata import KEY, SCHEMA, read_experiment
from normscape.specs import Display, Experiment, canonical_bytes
from normscape.views.session.pictures import accepted

COUNT = 5000

JUNK: list[Any] = [
    *(None, True, -1, 0, 10**400, 1.5, 1e308, "", "x", "\ud800", "x" * 100_000, "![x](http://127.0.0.1:1/)", "\x00"),
    *([], [[1]], {}, [{}], [None] * 9, ["none", "layer"], [0.1] * 9, {"spec": "Display"}),
]


def main(count: int = COUNT, seed: int = 0) -> int:
    """Open pictures, print the counts, and return the number of failures."""
    generator, counts, longest = random.Random(seed), Counter[str](), 0
    whole = _picture(_document())
    for _ in range(count):
        content = _damaged(whole, generator) if generator.random() < 0.4 else _changed(generator)
        try:
            accepted(*read_experiment(content))
            counts["opened"] += 1
        except ValueError as error:
            counts["refused with a sentence"] += 1
            longest = max(longest, len(str(error)))
        except Exception as error:  # any of them would end a session
            counts[f"raised {type(error).__name__}"] += 1
    print(f"{count:,} pictures:")
    for name, number in sorted(counts.items()):
        print(f"{number:>8,} {name}")
    print(f"{longest:>8,} letters in the longest sentence")
    return sum(number for name, number in counts.items() if name.startswith("raised"))


def _document() -> dict[str, Any]:
    specs = {"experiment": Experiment(), "display": Display(layer="0")}
    return {"schema": SCHEMA} | {name: json.loads(canonical_bytes(spec)) for name, spec in specs.items()}


def _picture(document: Any) -> bytes:
    """Return a picture that carries a document, with correct checksums."""
    info, stream = PngInfo(), io.BytesIO()
    info.add_itxt(KEY, json.dumps(document))
    Image.new("RGB", (2, 2)).save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


def _damaged(content: bytes, generator: random.Random) -> bytes:
    """Return a picture with some bytes changed, cut or repeated."""
    changed = bytearray(content)
    for _ in range(generator.randint(1, 4)):
        changed[generator.randrange(len(changed))] = generator.randrange(256)
    first, last = sorted(generator.randrange(len(changed)) for _ in range(2))
    return bytes(generator.choice([changed, changed[:last], changed[first:], changed[:last] + changed[first:]]))


def _changed(generator: random.Random) -> bytes:
    """Return a picture of another experiment: some fields hold anything."""
    document = _document()
    for _ in range(generator.randint(1, 3)):
        owner = document
        while isinstance(inner := owner[name := generator.choice(list(owner))], dict) and inner:
            owner = inner
        owner[name] = copy.deepcopy(generator.choice(JUNK))
    return _picture(document)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
