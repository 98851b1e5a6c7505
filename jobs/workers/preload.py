"""What every worker does before its first piece: import what is slow to import, and configure the process."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Any

GPU = "GPU"
"""The resource of a worker that evaluates on a GPU, one piece at a time: dask worker … --resources GPU=1."""

PR_SET_PDEATHSIG = 1
"""From Linux's prctl.h."""


def dask_setup(worker: Any) -> None:
    """Prepare a worker process; dask calls it.

    One thread: training is repeatable on one, and workers beside each other use the cores better than threads that
    wait for each other. A worker that was given the resource GPU evaluates there.

    Raises:
        ValueError: it was given a GPU, and there is none.
    """
    import normscape.jobs.workers.imports  # noqa: F401 - done already where this process is a copy
    from normscape.landscape import configure_process

    configure_process(threads=1, device_name="cuda" if GPU in worker.state.total_resources else "cpu")
    if "NORMSCAPE_ENGINE" in os.environ:
        _step_back()


def _step_back() -> None:
    """Leave the first turn to the app and the browser, which share this machine's cores, and end with the engine."""
    if hasattr(os, "nice"):
        os.nice(10)
    if sys.platform == "linux":
        # an engine that is killed cannot end its workers: the system does, when the process they are copies of ends
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
