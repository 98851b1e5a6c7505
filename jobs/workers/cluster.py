"""A connection to workers: those of a local cluster, or those of a Dask scheduler that is already running."""

from __future__ import annotations

import contextlib
import pickle
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from distributed import Client, Event, Future
from distributed.security import Security

from normscape.jobs.job_spec import Job
from normscape.jobs.settings import Settings
from normscape.jobs.store.files import Contents
from normscape.jobs.workers.heartbeats import Heartbeats
from normscape.jobs.workers.local_process import ClusterUnavailable, Contact, contact_of, end_process, start_process
from normscape.jobs.workers.preload import GPU
from normscape.jobs.workers.tasks import PieceResult, file_exists, run_piece
from normscape.landscape.measurement import Piece
from normscape.models.own import sources_of

CONNECT_SECONDS = 20.0
"""Timeout of the connection to a Dask scheduler."""

ANSWER_SECONDS = 5.0
"""Timeout of a worker's first answer."""

RESTART_SECONDS = 20.0
"""Timeout of the restart of a worker."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process."""

    address: str
    slots: int  # pieces that it runs at a time
    gpu: bool
    shares_store: bool  # whether it sees the folder of the store

    @property
    def device(self) -> str:
        """The device of its pieces, as in the record of their machine."""
        return "cuda" if self.gpu else "cpu"


class Cluster:
    """A connection to a Dask scheduler. All methods but `submit` and `alive` wait for its answer.

    Attributes:
        silent: addresses of workers that the last call of `workers` has left out, since they do not respond.
    """

    def __init__(self, settings: Settings) -> None:
        """Start a local cluster, or connect to the scheduler of the settings.

        Raises:
            ClusterUnavailable: it did not start, or does not answer.
        """
        self.settings = settings
        if (settings.scheduler or "").startswith("tls") and settings.tls is None:
            raise ClusterUnavailable(
                f"the scheduler {settings.scheduler} asks for TLS: NORMSCAPE_TLS_CA, NORMSCAPE_TLS_CERT and "
                "NORMSCAPE_TLS_KEY are to name its files"
            )
        self.silent: frozenset[str] = frozenset()
        self._heartbeats = Heartbeats()
        self._shared: dict[str, bool] = {}
        self._process = None if settings.scheduler else start_process(settings)
        contact = None if self._process is None else contact_of(self._process)
        address = settings.scheduler if contact is None else contact.address
        try:
            self._client = Client(  # type: ignore[no-untyped-call]
                address, timeout=CONNECT_SECONDS, security=_security(settings, contact), set_as_default=False
            )
        except (OSError, TimeoutError) as error:
            self.close()
            raise ClusterUnavailable(
                f"the scheduler {address} does not answer ({error}); see NORMSCAPE_SCHEDULER"
            ) from error

    @property
    def alive(self) -> bool:
        """Whether the scheduler is connected."""
        return self._client.status == "running" and (self._process is None or self._process.poll() is None)

    def workers(self) -> Mapping[str, Worker]:
        """Return the workers that respond, by address.

        Raises:
            OSError: the scheduler does not answer.
        """
        identities = self._identities()
        seen = {address: float(entry["last_seen"]) for address, entry in identities.items()}
        self.silent = self._heartbeats.silent(seen, time.monotonic())
        return {a: self._worker(a, entry) for a, entry in identities.items() if a not in self.silent}

    def submit(
        self,
        job: Job,
        piece: Piece,
        worker: Worker,
        stop_event: str,
        sent: Mapping[str, Contents],
        priority: int = 0,
    ) -> Future[PieceResult | None]:
        """Send a piece to a worker, which runs those of a higher priority first; returns at once."""
        folder = self.settings.home if worker.shares_store else None
        name = f"{job.kind}-{piece.kind}-{job.key[:16]}-{piece.first}-{piece.last}-{secrets.token_hex(4)}"
        sources = sources_of([run.model.architecture for run in job.runs])
        return self._client.submit(
            _call_by_value(),
            pickle.dumps((run_piece, (job, piece, stop_event, folder, sent, sources))),
            key=name,
            workers=[worker.address],
            allow_other_workers=True,
            resources={GPU: 1} if worker.gpu else None,
            priority=priority,
            pure=False,
        )

    def stop(self, stop_event: str) -> None:
        """Set the event that stops the pieces of a job; workers that are gone have none."""
        with contextlib.suppress(Exception):
            Event(stop_event, client=self._client).set()  # type: ignore[no-untyped-call]

    def cancel(self, future: Future[PieceResult | None]) -> None:
        """Cancel a piece that no worker is to start any more."""
        with contextlib.suppress(Exception):
            future.cancel(force=True)  # type: ignore[no-untyped-call]

    def terminate(self, future: Future[PieceResult | None]) -> None:
        """Cancel a piece, and restart the worker that still runs it; its other pieces are lost and sent again."""
        with contextlib.suppress(Exception):
            running = self._client.processing()  # type: ignore[no-untyped-call]
            address = next((address for address, keys in running.items() if future.key in keys), None)
            future.cancel(force=True)  # type: ignore[no-untyped-call]
            if address is not None:
                self.restart(address)

    def restart(self, address: str) -> None:
        """Replace a worker process by a new one, if the worker has a nanny."""
        with contextlib.suppress(Exception):
            self._client.restart_workers([address], timeout=RESTART_SECONDS, raise_for_error=False)

    def close(self) -> None:
        """Disconnect; a local cluster ends."""
        if hasattr(self, "_client"):
            with contextlib.suppress(Exception):
                self._client.close(timeout=2)  # type: ignore[no-untyped-call]
        if self._process is not None:
            end_process(self._process)

    def _identities(self) -> dict[str, dict[str, Any]]:
        # from the scheduler itself: the client's own copy, which scheduler_info returns, has no workers for a moment
        # every two seconds
        scheduler: Any = self._client.scheduler
        identity: dict[str, dict[str, Any]] = self._client.sync(scheduler.identity, n_workers=-1)  # type: ignore[no-untyped-call]
        return identity["workers"]

    def _worker(self, address: str, identity: Mapping[str, Any]) -> Worker:
        threads, resources = int(identity["nthreads"]), identity.get("resources", {})
        slots = min(threads, int(resources.get(GPU, threads)))
        return Worker(address, slots, GPU in resources, self._shares_store(address))

    def _shares_store(self, address: str) -> bool:
        """Whether a worker sees a new file in the folder of the store."""
        if address not in self._shared:
            answer = self._sees_token(address)
            if not isinstance(answer, bool):  # the worker is gone, or does not answer yet
                return False
            self._shared[address] = answer
        return self._shared[address]

    def _sees_token(self, address: str) -> object:
        """Return whether a worker sees a new file, or anything else if it does not answer."""
        token = self.settings.home / f".{secrets.token_hex(8)}.token"
        try:
            token.parent.mkdir(parents=True, exist_ok=True)
            token.touch()
        except OSError:  # the first result says so
            return None
        client: Any = self._client
        options = {"workers": [address], "on_error": "return", "callback_timeout": ANSWER_SECONDS}
        try:
            answers: dict[str, object] = client.sync(client._run, file_exists, token, **options)
        except TimeoutError:
            return None
        finally:
            token.unlink(missing_ok=True)
        return answers.get(address)


def _call_by_value() -> Callable[[bytes], Any]:
    """Return what a worker runs: a function that calls a pickled function with pickled arguments.

    A Dask scheduler unpickles the tasks that it receives. This function is pickled by value, since no module has it, so
    that the scheduler imports nothing: with torch and all that workers need, it would take 250 MiB more.
    """

    def call(content: bytes) -> Any:
        import pickle

        function, arguments = pickle.loads(content)
        return function(*arguments)

    return call


def _security(settings: Settings, contact: Contact | None) -> Security | None:
    """Return the certificates of a local cluster, or those of the settings."""
    files = settings.tls if contact is None else (contact.certificate, contact.certificate, contact.key)
    if files is None:
        return None
    ca, cert, key = files
    return Security(tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key, require_encryption=True)  # type: ignore[no-untyped-call]
