"""The machine: what speed, and the last bits of a number, depend on besides a spec."""

import ctypes
import platform
from functools import lru_cache
from importlib.metadata import version

import torch


def machine_record() -> dict[str, str]:
    """Return versions, processor and thread count: equal specs give equal numbers where all of these are equal."""
    return {**_lasting(), "threads": str(torch.get_num_threads()), "device": device().type}


def device() -> torch.device:
    """Return where runs are evaluated in this process: on its processor, unless `configure_process` said otherwise."""
    return _DEVICE[-1]


@lru_cache(maxsize=1)  # looking versions up takes as long as several points of a surface
def _lasting() -> dict[str, str]:
    return {
        "Python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "scikit-learn": version("scikit-learn"),
        "processor": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}",
        "system": platform.system(),
    }


def configure_process(threads: int, on: str = "cpu") -> None:
    """Set this process up for many small evaluations: thread count, device, and memory that is kept for the next one.

    A page shares its cores with the browser and with other visitors. Two threads that wait for each other by spinning
    then take ten times as long as one (measured: a surface of 625 points in 2 s on a quiet machine, 43 s beside a
    process that uses half a core; one thread: 3 s and 4 s). And glibc gives large blocks back after every evaluation,
    only to fetch them again, page by page; where its C library is not there, nothing is changed.

    Args:
        threads: of torch.
        on: the device that runs are evaluated on, "cpu" or "cuda". Training stays on the processor.

    Raises:
        ValueError: there is no such device.
    """
    if on.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"the device {on!r} is asked for, and torch {torch.__version__} sees none here")
    _DEVICE[:] = [torch.device(on)]
    torch.set_num_threads(threads)
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 2**30)
        mallopt(_M_TRIM_THRESHOLD, 2**30)
        mallopt(_M_ARENA_MAX, 1)  # the thresholds hold for the first arena only, and work may run in another thread


_DEVICE = [torch.device("cpu")]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""From glibc's malloc.h."""
