"""Workers: those of an engine on this machine, or those of a scheduler that runs already."""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from distributed import Client, Event, Future
from distributed.security import Security

from normscape.jobs.job import Job
from normscape.jobs.settings import Settings
from normscape.jobs.store.files import Contents
from normscape.jobs.workers.preload import GPU
from normscape.jobs.workers.tasks import Done, perform, sees
from normscape.landscape.measurement import Piece

LOG = logging.getLogger(__name__)

PATIENCE = 20.0
"""Seconds within which a scheduler has to answer."""

STALE = 1.0
"""Seconds for which the list of workers is taken as it is, once there are any: asking is a message to the scheduler."""


class NoCluster(RuntimeError):  # noqa: N818 - reads as the sentence it is
    """There is nobody to work; the message says why and what to do."""


class Cluster:
    """A connection to workers. Only the queue's thread uses it."""

    def __init__(self, settings: Settings) -> None:
        """Start the engine, or connect to the scheduler that the settings name.

        Raises:
            NoCluster: it did not start, or is not there.
        """
        self.settings = settings
        if (settings.scheduler or "").startswith("tls") and settings.tls is None:
            raise NoCluster(
                f"the scheduler {settings.scheduler} asks for TLS: NORMSCAPE_TLS_CA, NORMSCAPE_TLS_CERT and "
                "NORMSCAPE_TLS_KEY are to name its files"
            )
        self._engine = None if settings.scheduler else _engine(settings)
        address = settings.scheduler or _address(self._engine)
        security = None
        if settings.tls:
            ca, cert, key = settings.tls
            security = Security(tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key, require_encryption=True)  # type: ignore[no-untyped-call]
        try:
            self._client = Client(address, timeout=PATIENCE, security=security, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError) as error:
            self.close()
            raise NoCluster(f"the scheduler {address} does not answer ({error}); see NORMSCAPE_SCHEDULER") from error
        self._shared: dict[str, bool] = {}
        self._known: Mapping[str, int] = {}
        self._with_gpu: set[str] = set()
        self._asked = 0.0

    @property
    def alive(self) -> bool:
        """Whether the scheduler still answers."""
        return self._client.status == "running" and (self._engine is None or self._engine.poll() is None)

    def workers(self) -> Mapping[str, int]:
        """Return how many pieces each worker does at a time, by address."""
        if not self._known or time.monotonic() - self._asked > STALE:
            with contextlib.suppress(OSError):  # the scheduler is gone: `alive` says so
                known = self._identities()
                self._with_gpu = {address for address, worker in known.items() if GPU in worker.get("resources", ())}
                self._known = {address: _at_a_time(worker) for address, worker in known.items()}
            self._asked = time.monotonic()
        return self._known

    def _identities(self) -> dict[str, Any]:
        # asked of the scheduler itself: what the client keeps, and scheduler_info returns, is replaced every two
        # seconds by a look of its own that names no worker
        scheduler: Any = self._client.scheduler
        found: dict[str, dict[str, Any]] = self._client.sync(scheduler.identity, n_workers=-1)  # type: ignore[no-untyped-call]
        return found["workers"]

    def shares(self, worker: str) -> bool:
        """Say whether a worker sees the store's folder."""
        if worker not in self._shared:
            token = self.settings.home / f".{secrets.token_hex(8)}.token"
            token.parent.mkdir(parents=True, exist_ok=True)
            token.touch()
            try:
                found = self._client.run(sees, token, workers=[worker], on_error="return")
                self._shared[worker] = found.get(worker) is True
            finally:
                token.unlink()
        return self._shared[worker]

    def submit(
        self, job: Job, piece: Piece, worker: str, stop: str, sent: Mapping[str, Contents]
    ) -> Future[Done | None]:
        """Send a piece to a worker."""
        folder = self.settings.home if self.shares(worker) else None
        name = f"{job.kind}-{piece.kind}-{job.key[:16]}-{piece.first}-{piece.last}-{secrets.token_hex(4)}"
        return self._client.submit(
            perform,
            job,
            piece,
            stop,
            folder,
            sent,
            key=name,
            workers=[worker],
            allow_other_workers=True,
            resources={GPU: 1} if worker in self._with_gpu else None,
            pure=False,
        )

    def stop(self, name: str) -> None:
        """Tell all pieces that listen to an event to stop."""
        Event(name, client=self._client).set()  # type: ignore[no-untyped-call]

    def working_on(self, future: Future[Done | None]) -> str | None:
        """Return the worker that has a piece, None if none has."""
        found = self._client.processing()  # type: ignore[no-untyped-call]
        return next((worker for worker, keys in found.items() if future.key in keys), None)

    def kill(self, worker: str) -> None:
        """End a worker's process; its nanny starts another, and pieces of other jobs are done again."""
        with contextlib.suppress(Exception):
            self._client.restart_workers([worker], timeout=20, raise_for_error=False)

    def close(self) -> None:
        """Leave; the engine of this machine ends."""
        if hasattr(self, "_client"):
            with contextlib.suppress(Exception):
                self._client.close(timeout=2)  # type: ignore[no-untyped-call]
        if self._engine is not None and self._engine.stdin is not None:
            self._engine.stdin.close()
            try:
                self._engine.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._engine.kill()
                self._engine.wait()


def _at_a_time(worker: Mapping[str, Any]) -> int:
    threads = int(worker["nthreads"])
    return min(threads, int(worker.get("resources", {}).get(GPU, threads)))


def _engine(settings: Settings) -> subprocess.Popen[bytes]:
    settings.home.mkdir(parents=True, exist_ok=True)
    log = (settings.home / "engine.log").open("wb")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "normscape.jobs.workers.local_cluster", "--workers", str(settings.workers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # a terminal's Ctrl-C is for the app, which then ends the engine
        )


def _address(engine: subprocess.Popen[bytes] | None) -> str:
    line = engine.stdout.readline() if engine is not None and engine.stdout is not None else b""
    if not line:
        raise NoCluster("the engine did not start; engine.log in the folder NORMSCAPE_HOME says why")
    return str(json.loads(line)["scheduler"])
