"""The local cluster: a Dask cluster on this machine, in the process of `start_local_cluster`.

It listens on 127.0.0.1 only and has no HTTP pages. All connections are encrypted with a certificate that is made at
each start: whoever can connect to a Dask scheduler can run code, and other users of this machine reach 127.0.0.1.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading


def run(started: threading.Event, ended: threading.Event) -> None:
    """Run a cluster with the options of the command line.

    Args:
        started: set here, once the cluster runs.
        ended: ends the cluster.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes, each with one thread")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="of all workers")
    arguments = parser.parse_args()

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches parent and child; the parent decides
    os.environ["NORMSCAPE_LOCAL_CLUSTER"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait by spinning take the cores of others

    from multiprocessing import forkserver

    # slow imports run once, in parallel to the next lines, in the process that every worker is forked from
    forkserver.set_forkserver_preload(["normscape.jobs.workers.imports"])
    forkserver.ensure_running()

    import dask

    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 20,  # a worker may be killed because another job was cancelled
            "distributed.worker.daemon": True,
            # periodic monitoring of large clusters would here take time from the cores that evaluate
            "distributed.worker.profile.enabled": False,
            "distributed.admin.tick.interval": "1s",
            "distributed.admin.system-monitor.interval": "10s",
            "distributed.scheduler.active-memory-manager.start": False,
            "distributed.scheduler.work-stealing": False,  # the dispatcher decides which worker runs a piece
            "distributed.worker.multiprocessing-method": "forkserver",
            "distributed.comm.timeouts.connect": "10s",
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
        }
    )
    from distributed import LocalCluster  # reads the configuration
    from distributed.security import Security

    security = Security.temporary()  # type: ignore[no-untyped-call]
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=arguments.workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        protocol="tls://",
        security=security,
        dashboard_address=None,
        memory_limit=None,
        resources=resources_of(arguments.device),
        preload=["normscape.jobs.workers.preload"],
        silence_logs=40,
    ) as cluster:
        started.set()
        contact = {"address": cluster.scheduler_address, "certificate": security.tls_client_cert}
        print(json.dumps(contact | {"key": security.tls_client_key}), flush=True)  # to the pipe of the app
        ended.wait()


def resources_of(device: str) -> dict[str, float]:
    """Return the Dask resources of a worker with a device; its preload script and the dispatcher read them."""
    return {"GPU": 1} if device == "cuda" else {}
