"""How long each preset takes: training and measuring all its networks, nothing in memory, a process for each."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time

from landscape import MissingData, machine
from views.presets import PRESETS
from views.work import outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="presets to measure, by the beginning of their name; default: all")
    chosen = parser.parse_args().names
    print(f"{os.cpu_count()} cores, {', '.join(f'{name} {value}' for name, value in machine().items())}")
    context = multiprocessing.get_context("spawn")
    for name, preset in PRESETS.items():
        if not chosen or any(name.startswith(begin) for begin in chosen):
            with context.Pool(1) as pool:
                print(f"{pool.apply(measured, (name,)):>28}  (stated: {preset.seconds:g} s)  {name}", flush=True)


def measured(name: str) -> str:
    begin = time.perf_counter()
    try:
        outcomes(PRESETS[name].experiment, lambda share, sentence: None)
    except MissingData:
        return "files are missing"
    except ValueError as error:
        return f"refused: {error}"
    return f"{time.perf_counter() - begin:.1f} s"


if __name__ == "__main__":
    main()
