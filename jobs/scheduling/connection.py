"""The connection to the workers: blocking calls run in background threads and report by messages."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial

from normscape.jobs.settings import Settings
from normscape.jobs.workers.cluster import Cluster, Worker

LOG = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""Age at which the list of workers is read again, which is a message to the Dask scheduler."""

RECONNECT_SECONDS = 5.0
"""Pause after a failed connection."""

STALLED_SECONDS = 30.0
"""How long the Dask scheduler may take to list the workers before it counts as hung."""

NOTICE_SECONDS = 60.0
"""How long pages say that a worker has stopped responding."""

CLOSE_SECONDS = 30.0
"""How long a closing connection waits for a local cluster that is just starting."""

Connect = Callable[[Settings], Cluster]
Post = Callable[[Callable[[], object]], None]


class Connection:
    """The cluster and its workers. Only the dispatcher's thread calls the methods, and it alone changes the attributes.

    Attributes:
        cluster: the cluster, None while not connected.
        workers: the workers by address.
        error: why the last attempt to connect failed, None if it did not.
        silent: when workers that do not respond were noticed last, by address.
    """

    def __init__(self, settings: Settings, connect: Connect, post: Post) -> None:
        """Start without a cluster.

        Args:
            settings: what `connect` is called with.
            connect: returns a cluster.
            post: has the dispatcher's thread call a function.
        """
        self.cluster: Cluster | None = None
        self.workers: Mapping[str, Worker] = {}
        self.error: str | None = None
        self.silent: dict[str, float] = {}
        self._settings, self._connect, self._post = settings, connect, post
        self._connecting: threading.Thread | None = None
        self._opened: Cluster | None = None  # connected, and the message about it not received yet
        self._refreshing, self._asked, self._refreshed = False, 0.0, 0.0
        self._not_before = 0.0

    def connect(self) -> None:
        """Start to connect, unless connected, connecting, or within RECONNECT_SECONDS of a failure."""
        if self.cluster is None and self._connecting is None and time.monotonic() >= self._not_before:
            self._connecting = _background(self._open)

    def refresh(self) -> None:
        """Start to read the list of workers, unless it is recent."""
        recent = bool(self.workers) and time.monotonic() - self._refreshed <= REFRESH_SECONDS
        if self.cluster is not None and not self._refreshing and not recent:
            self._refreshing, self._asked = True, time.monotonic()
            _background(partial(self._read_workers, self.cluster))

    @property
    def stalled(self) -> bool:
        """Whether the scheduler is connected, and has not answered for `STALLED_SECONDS`."""
        waiting = self.cluster is not None and self._refreshing
        return waiting and time.monotonic() - self._asked > STALLED_SECONDS

    @property
    def unresponsive(self) -> int:
        """The number of workers that have stopped responding within the last `NOTICE_SECONDS`."""
        return sum(time.monotonic() - noticed < NOTICE_SECONDS for noticed in self.silent.values())

    def request(self, call: Callable[[Cluster], object]) -> None:
        """Call a method of the cluster that waits for an answer, without waiting here."""
        if self.cluster is not None:
            _background(partial(call, self.cluster))

    def disconnect(self) -> None:
        """Give up the cluster."""
        if self.cluster is not None:
            _background(self.cluster.close)
        self.cluster, self.workers = None, {}

    def close(self) -> None:
        """Close the cluster, and wait for that."""
        if self._connecting is not None:
            self._connecting.join(timeout=CLOSE_SECONDS)
        for cluster in (self.cluster, self._opened):
            if cluster is not None:
                cluster.close()
        self.cluster, self._opened, self.workers = None, None, {}

    def _open(self) -> None:
        try:
            self._opened = self._connect(self._settings)
        except Exception as error:
            self._post(partial(self._fail, error))
        else:
            self._post(self._accept)

    def _accept(self) -> None:
        self.cluster, self._opened = self._opened, None
        self._connecting, self._refreshing, self.error = None, False, None
        self.refresh()

    def _fail(self, error: Exception) -> None:
        LOG.warning("%s", error)
        self._connecting, self.error = None, str(error)
        self._not_before = time.monotonic() + RECONNECT_SECONDS

    def _read_workers(self, cluster: Cluster) -> None:
        try:
            workers = cluster.workers()
        except Exception:  # the scheduler is gone: `Cluster.alive` says so
            self._post(partial(self._set_workers, cluster, None))
        else:
            self._post(partial(self._set_workers, cluster, workers))

    def _set_workers(self, cluster: Cluster, workers: Mapping[str, Worker] | None) -> None:
        if cluster is self.cluster:
            self._refreshing, self._refreshed = False, time.monotonic()
            self.workers = self.workers if workers is None else workers
            for address in cluster.silent - self.silent.keys():
                LOG.warning("the worker %s does not respond; its pieces are sent again", address)
                self.request(partial(Cluster.restart, address=address))
            # one that responds again and stops once more is noticed once more
            recent = {a: at for a, at in self.silent.items() if time.monotonic() - at < NOTICE_SECONDS}
            self.silent = {a: at for a, at in recent.items() if a not in self.workers}
            self.silent |= {a: self.silent.get(a, time.monotonic()) for a in cluster.silent}


def _background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, name="normscape-connection", daemon=True)
    thread.start()
    return thread
