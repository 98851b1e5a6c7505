"""A small question while others wait: python -m benchmarks.small_questions [--others 29] [--questions 5].

Submits requests that fill two workers, waits until each of them has been served, and prints after how many seconds
small requests of new visitors are answered.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from normscape.jobs import Queue
from tests.jobs.conftest import settings_at, small_request
from tests.jobs.test_queue import wait

LONGEST = 600.0


def served(queue: Queue) -> int:
    """Return how many requests have at least one point."""
    return sum(any(queue.status(job).computed for job in one.request.jobs) for one in queue.requests())


def main() -> None:
    """Ask, and print how long each answer takes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--others", type=int, default=29)
    parser.add_argument("--questions", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        queue = Queue(settings_at(Path(folder), workers=2))
        for index in range(chosen.others):
            queue.submit(small_request(side=65, seed=100 + index, steps=40), f"visitor {index}")
        wait(lambda: served(queue) == chosen.others, LONGEST)
        for index in range(chosen.questions):
            request, begin = small_request(side=5, seed=9000 + index, steps=8), time.monotonic()
            queue.submit(request, f"new visitor {index}")
            wait(lambda asked=request: queue.done(asked), LONGEST)
            waiting = sum(not one.done for one in queue.requests())
            print(f"answered after {time.monotonic() - begin:.1f} s, beside {waiting} that wait", flush=True)
        queue.close()


if __name__ == "__main__":
    main()
