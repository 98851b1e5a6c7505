"""The local workers: only the app can connect to them, and they serve no pages."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

import pytest
from distributed import Client
from distributed.security import Security

from normscape.jobs import Queue


@pytest.fixture
def client(shared: Queue) -> Client:
    """The app's own connection to its workers."""
    deadline = time.monotonic() + 120
    while not shared.snapshot.workers:
        assert time.monotonic() < deadline, "no worker"
        time.sleep(0.05)
    return shared.dispatcher._connection.cluster._client


def test_connections_are_encrypted_and_need_the_key_of_this_start(client: Client) -> None:
    scheduler = client.scheduler.address
    assert scheduler.startswith("tls://127.0.0.1:")
    with pytest.raises(OSError, match="closed"):
        Client(scheduler.replace("tls://", "tcp://"), timeout=10, set_as_default=False)
    with pytest.raises(OSError, match="certificate"):
        Client(scheduler, timeout=10, security=Security.temporary(), set_as_default=False)


@pytest.mark.parametrize("path", ["/", "/health", "/info/main/workers.html", "/metrics", "/json/counts.json"])
def test_scheduler_and_workers_serve_no_pages(client: Client, path: str) -> None:
    identity = client.scheduler_info(n_workers=-1)
    ports = [one["services"]["dashboard"] for one in (identity, *identity["workers"].values())]
    assert len(ports) > 1
    for port in ports:
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30)
