"""The machine: threads, device and versions, on which speed and the last bits of results depend."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version

import torch

ENGINE = "2"
"""Counts changes of training and evaluation that change last bits, so that stored numbers say which code gave them."""


def machine_record() -> dict[str, str]:
    """Return versions, processor and thread count; if all are equal, equal specs give equal numbers."""
    return {**_versions(), "engine": ENGINE, "threads": str(torch.get_num_threads()), "device": device().type}


def device() -> torch.device:
    """Return the device of evaluations in this process: the CPU unless `configure_process` set another."""
    return _DEVICE[-1]


@lru_cache(maxsize=1)  # a lookup takes as long as several points of a surface
def _versions() -> dict[str, str]:
    return {
        "Python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "scikit-learn": version("scikit-learn"),
        "processor": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}",
        "system": platform.system(),
    }


def configure_process(threads: int, device_name: str = "cpu") -> None:
    """Configure this process for many small evaluations: thread count, device, and memory allocation.

    A server shares its cores among the browser and several users. Two threads that wait for each other by spinning then
    take ten times as long as one: a surface of 625 points takes 2 s on an idle machine and 43 s next to a process that
    uses half a core; with one thread 3 s and 4 s. glibc returns large blocks to the system after every evaluation and
    faults them in again, page by page; raised thresholds prevent this. Without glibc, memory allocation is unchanged.

    Args:
        threads: number of torch threads.
        device_name: the device of evaluations, "cpu" or "cuda". Training runs on the CPU.

    Raises:
        ValueError: the device does not exist.
    """
    if device_name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(
            f"device {device_name!r} is not available to torch {torch.__version__}; use 'cpu' or a torch for CUDA"
        )
    _DEVICE[:] = [torch.device(device_name)]
    torch.set_num_threads(threads)
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 2**30)
        mallopt(_M_TRIM_THRESHOLD, 2**30)
        mallopt(_M_ARENA_MAX, 1)  # the thresholds apply to the first arena only, and work may run in another thread


@contextmanager
def use_threads(threads: int) -> Iterator[None]:
    """Use a number of torch threads inside."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


_DEVICE = [torch.device("cpu")]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""From glibc's malloc.h."""
