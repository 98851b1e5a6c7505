"""A long job whose processes are killed: python -m benchmarks.kills [--kills 24] [--side 33] [--seed 0].

Kills the app, its local cluster or a worker with SIGKILL at random moments, starts the app again, and prints how many
were killed of each, and whether the results equal those of an undisturbed run bit by bit.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from normscape.jobs import Queue
from tests.conftest import ROOT
from tests.jobs.conftest import settings_at, small_request
from tests.jobs.test_queue import LONG, arrays_of, cluster_of, pids_of, wait

LONGEST = 3600.0


def work(folder: Path, side: int) -> None:
    """Be the app: print the process of the local cluster and of its workers, and end with the job."""
    queue, request = Queue(settings_at(folder)), small_request(side=side, seed=3, **LONG)
    queue.submit(request, "one")
    wait(lambda: queue.connected and len(cluster_of(queue).workers()) == 2, LONGEST)
    print(cluster_of(queue)._process.pid, *pids_of(queue), flush=True)
    wait(lambda: queue.done(request), LONGEST)
    queue.close()


def disturbed(folder: Path, side: int, kills: int, draw: random.Random) -> Counter[str]:
    """Finish the job in spite of kills, and return how many processes were killed of each kind."""
    killed: Counter[str] = Counter()
    while True:
        command = [sys.executable, "-m", "benchmarks.kills", "--app", str(folder), "--side", str(side)]
        app = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        processes = [int(pid) for pid in app.stdout.readline().split()] if app.stdout is not None else []
        if killed.total() < kills and processes:
            time.sleep(draw.uniform(0, 4))
            kind = draw.choice(["app", "app", "local cluster", "worker"])
            victim = {"app": app.pid, "local cluster": processes[0], "worker": processes[-1]}[kind]
            if app.poll() is None:
                os.kill(victim, signal.SIGKILL)
                killed[kind] += 1
                if kind != "app":
                    time.sleep(draw.uniform(0, 4))
                    app.kill()
                    killed["app"] += 1
        if app.wait() == 0:
            return killed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--side", type=int, default=33, help="points of a surface along one axis")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--app", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.app is not None:
        work(asked.app, asked.side)
        return
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as folder:
        killed = disturbed(Path(folder), asked.side, asked.kills, random.Random(asked.seed))
        work(Path(whole), asked.side)
        request, answers = small_request(side=asked.side, seed=3, **LONG), []
        for place in (whole, folder):
            queue = Queue(settings_at(Path(place)))
            answers.append(arrays_of(queue, request))
            queue.close()
        damaged = len(list((Path(folder) / "damaged").glob("*")))
    equal = sum(answers[0][name] == answers[1].get(name) for name in answers[0])
    print(f"{killed.total()} killed ({', '.join(f'{n} {kind}' for kind, n in killed.items()) or 'none'})")
    print(f"{equal} of {len(answers[0])} arrays are bit-identical; {damaged} damaged files")


if __name__ == "__main__":
    main()
