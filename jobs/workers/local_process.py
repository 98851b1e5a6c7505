"""The process of the local cluster, as the app sees it: started, asked for its address, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from normscape.jobs.settings import Settings
from normscape.jobs.store.errors import write_error

PROGRAM = Path(__file__).with_name("start_local_cluster.py")

END_SECONDS = 10.0
"""Time in which a local cluster ends by itself."""


class ClusterUnavailable(RuntimeError):  # noqa: N818 - reads as the sentence it is
    """There are no workers; the message says why, and what to do."""


def start_process(settings: Settings) -> subprocess.Popen[bytes]:
    """Start a local cluster, which ends with this process.

    Raises:
        ClusterUnavailable: the folder of the store cannot be written.
    """
    with _log_file(settings.home) as log:
        return subprocess.Popen(
            [
                *(sys.executable, str(PROGRAM)),
                *("--workers", str(settings.workers), "--device", settings.device),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # a terminal's Ctrl-C is for the app, which then ends the local cluster
        )


@dataclass(frozen=True)
class Contact:
    """How to connect to a local cluster."""

    address: str  # of the Dask scheduler
    certificate: str = field(repr=False)  # PEM
    key: str = field(repr=False)  # PEM


def contact_of(process: subprocess.Popen[bytes]) -> Contact:
    """Return how to connect to a local cluster, once it runs.

    Raises:
        ClusterUnavailable: it has ended.
    """
    line = b"" if process.stdout is None else process.stdout.readline()
    if not line:
        raise ClusterUnavailable(
            "the local cluster did not start; local-cluster.log in the folder NORMSCAPE_HOME says why"
        )
    return Contact(**json.loads(line))


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a local cluster with all its workers, by force if it does not respond."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def _log_file(home: Path) -> BinaryIO:
    try:
        home.mkdir(parents=True, exist_ok=True)
        return (home / "local-cluster.log").open("wb")
    except OSError as error:
        raise ClusterUnavailable(write_error(home, error).strerror) from error
