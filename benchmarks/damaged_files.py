"""Damaged files: python -m benchmarks.damaged_files [--weights 2000] [--store 1000] [--seed 0].

Cuts, alters and shortens files of weights (legacy, zip and safetensors) and files of the store, and prints how many
were read, how many were refused with their name, and how many did anything else. Altered values of weights are read: a
file of weights has no checksum of its own, and experiments name its SHA-256.
"""

from __future__ import annotations

import argparse
import io
import random
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from normscape.jobs.store.store import Store
from normscape.landscape.training.published_weights import read_weights

TENSORS = {"conv1.weight": torch.ones(4, 1, 3, 3), "fc.bias": torch.ones(10), "bn1.steps": torch.tensor(3)}
KEY = "ab" * 32


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Cut a file, alter some of its bytes, or take some out."""
    kind, start = draw.randrange(3), draw.randrange(len(content))
    if kind == 0:
        return content[:start]
    if kind == 1:
        return content[:start] + content[start + draw.randint(1, 40) :]
    changed = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        changed[draw.randrange(len(changed))] ^= draw.randint(1, 255)
    return bytes(changed)


def weight_files() -> dict[str, bytes]:
    """Return whole files by name."""
    legacy, archive = io.BytesIO(), io.BytesIO()
    torch.save(TENSORS, legacy, _use_new_zipfile_serialization=False)
    torch.save(TENSORS, archive)
    return {"legacy.th": legacy.getvalue(), "archive.pt": archive.getvalue(), "net.safetensors": save(TENSORS)}


def weights(folder: Path, count: int, draw: random.Random) -> Counter[str]:
    """Read damaged weights, and count the outcomes."""
    found: Counter[str] = Counter()
    whole = weight_files()
    for number in range(count):
        name = list(whole)[number % len(whole)]
        (folder / name).write_bytes(damaged(whole[name], draw))
        try:
            read_weights(folder / name)
            found["read"] += 1
        except ValueError as error:
            found["refused with the name" if name in str(error) else "refused without the name"] += 1
        except BaseException as error:
            found[f"{name}: {type(error).__name__}"] += 1
    return found


def stored(folder: Path, count: int, draw: random.Random) -> Counter[str]:
    """Read damaged results, pieces and requests, and count the outcomes."""
    store, found = Store(folder, 2**30), Counter[str]()
    arrays = {"x": np.arange(300.0), "mask": np.ones(7, bool)}
    for number in range(count):
        store.put(KEY, arrays, {"a": 1})
        store.save_request("r", {"schema": 1, "stages": []})
        (result,) = (folder / "results").rglob("*.safetensors")
        file = result if number % 2 else folder / "requests" / "r.json"
        file.write_bytes(damaged(file.read_bytes(), draw))
        try:
            contents, metadata, requests = store.get(KEY), store.metadata(KEY), store.requests()
        except BaseException as error:
            found[type(error).__name__] += 1
            continue
        if number % 2 and contents is not None:
            same = contents.arrays["x"].tobytes() == arrays["x"].tobytes() and metadata == {"a": 1}
            found["read, equal" if same else "read, different"] += 1
        else:
            found["set aside" if number % 2 or "r" not in requests else "read as JSON"] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=int, default=2000)
    parser.add_argument("--store", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # torch's, about other protocols
    for name, count, measure in (("weights", asked.weights, weights), ("store", asked.store, stored)):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), count, random.Random(asked.seed))
        print(f"{count} damaged files of {name}: {', '.join(f'{n} {what}' for what, n in sorted(found.items()))}")


if __name__ == "__main__":
    main()
