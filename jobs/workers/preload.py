"""The preload script of every worker: slow imports, the device, and the number of threads."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Any

GPU = "GPU"
"""The resource of a worker that trains and evaluates on a GPU, one piece at a time: dask worker … --resources GPU=1."""

PR_SET_PDEATHSIG = 1
"""From Linux's prctl.h."""


def dask_setup(worker: Any) -> None:
    """Prepare a worker process; Dask calls it.

    Every worker has one torch thread, except in trainings of large networks: several processes use the cores better
    than several threads. A worker with the resource GPU trains and evaluates there. CUDA starts here or later, never in
    the process that workers are forked from.

    Raises:
        ValueError: the worker has the resource GPU, and torch sees none; or NORMSCAPE_TF32 is neither "on" nor "off".
    """
    import normscape.jobs.workers.imports  # noqa: F401 - already imported where this process is a fork
    from normscape.landscape import configure_process

    configure_process(1, "cuda" if GPU in worker.state.total_resources else "cpu", tf32=_tf32())
    if "NORMSCAPE_LOCAL_CLUSTER" in os.environ:
        _lower_priority()


def _tf32() -> bool:
    value = os.environ.get("NORMSCAPE_TF32") or "off"
    if value not in ("on", "off"):
        raise ValueError(f"NORMSCAPE_TF32 is {value!r}; it must be on or off")
    return value == "on"


def _lower_priority() -> None:
    """Give priority to the app and the browser, which share the cores of this machine; end with the local cluster."""
    if hasattr(os, "nice"):
        os.nice(10)
    if sys.platform == "linux":
        # a killed local cluster cannot end its workers: the system does, when the process they were forked from ends
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
