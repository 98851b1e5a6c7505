"""The program of the local cluster: starts it, and ends it with the app, even while its modules are still imported.

The app runs this file by its path, since `python -m` would import the package first, which takes seconds. It prints the
address of the Dask scheduler, a certificate and its key as one line of JSON. Its standard input closes however the app
ends; then the cluster gets some time to close, if it runs, and its whole process group is killed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from runpy import run_path

GRACE_SECONDS = 6.0
"""Time in which a cluster that runs closes its workers."""


def main() -> None:
    """Run a cluster until the standard input closes."""
    started, ended = threading.Event(), threading.Event()
    threading.Thread(target=_end_with_app, args=(started, ended), daemon=True).start()
    beside, sys.path[0] = sys.path[0], os.getcwd()  # as `python -m` does
    # by its file: its package would be imported with it, and torch, which this process does not need
    run: Callable[[threading.Event, threading.Event], None] = run_path(f"{beside}/local_cluster.py")["run"]
    run(started, ended)


def _end_with_app(started: threading.Event, ended: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    ended.set()
    if started.is_set():
        threading.Event().wait(GRACE_SECONDS)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():  # a group of its own, with all that it has started
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main()
