"""Published results and the same here: python -m benchmarks.published [NAME ...] [--write FILE]

Without names, all of them: about 13 minutes, and `edge` in addition. CIFAR-10 is read from NORMSCAPE_DATA.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from benchmarks.published import deep_linear, edge, growth, quadratic, step_size
from normscape.landscape import configure_process, machine_record

TABLES = {
    "quadratic": quadratic.table,
    "growth": growth.table,
    "step-size": step_size.table,
    "deep-linear": deep_linear.table,
    "edge": edge.table,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*TABLES, []], help="tables to measure; default: all")
    parser.add_argument("--write", type=Path, help="the document to write, for instance views/analysis/published.md")
    asked = parser.parse_args()
    configure_process(threads=1)
    made = []
    for name in asked.names or TABLES:
        begin = time.perf_counter()
        made.append(TABLES[name]().markdown())
        print(made[-1], f"({time.perf_counter() - begin:.0f} s)", flush=True)
    if asked.write:
        asked.write.write_text("\n".join([_head(), *made]), encoding="utf-8")


def _head() -> str:
    known = ", ".join(f"{name} {value}" for name, value in machine_record().items())
    return f"# Published results, and the same here\n\nWritten by `make reproduce` ({known}).\n"


if __name__ == "__main__":
    main()
