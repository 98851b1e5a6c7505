"""The machine: threads, device and versions, on which speed and the last bits of results depend."""

import ctypes
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.metadata import version

import torch

ENGINE = "5"
"""Counts changes of training and evaluation that change last bits, so that stored numbers say which code gave them."""

DEVICES = ("auto", "cpu", "cuda")

DETERMINISTIC_WORKSPACES = (":4096:8", ":16:8")
"""Values of CUBLAS_WORKSPACE_CONFIG with which cuBLAS repeats its results (cuBLAS documentation, §2.1.4)."""


def machine_record() -> dict[str, str]:
    """Return versions, processor, device and thread count; if all are equal, equal specs give equal numbers.

    On a GPU the record also has the card, the versions of CUDA and cuDNN, and whether TF32 is on.
    """
    own = _card() if device().type == "cuda" else {}
    return {**_versions(), "engine": ENGINE, "threads": str(torch.get_num_threads()), "device": device().type, **own}


def device() -> torch.device:
    """Return the device of training and evaluation in this process: the CPU unless `configure_process` set another."""
    return _DEVICE[-1]


def chosen_device(name: str) -> str:
    """Return "cpu" or "cuda" for a name in `DEVICES`; "auto" is "cuda" if torch sees a GPU.

    "cpu" asks nothing of CUDA. The others start its driver in this process, which then cannot fork a process that uses
    CUDA.

    Raises:
        ValueError: the name is none of these, or it is "cuda" and torch sees no GPU.
    """
    if name not in DEVICES:
        raise ValueError(f"device {name!r} is unknown; it must be one of {', '.join(DEVICES)}")
    if name == "cpu":
        return "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"device 'cuda' is not available to torch {torch.__version__}; use 'auto' or 'cpu', or a torch for CUDA"
        )
    return "cuda" if torch.cuda.is_available() else "cpu"


def configure_process(threads: int, device_name: str = "cpu", *, tf32: bool = False) -> None:
    """Configure this process for many small evaluations: thread count, device, and memory allocation.

    A server shares its cores among the browser and several users. Two threads that wait for each other by spinning then
    take ten times as long as one: a surface of 625 points takes 2 s on an idle machine and 43 s next to a process that
    uses half a core; with one thread 3 s and 4 s. glibc returns large blocks to the system after every evaluation and
    faults them in again, page by page; raised thresholds prevent this. Without glibc, memory allocation is unchanged.

    On a GPU all algorithms are deterministic. An operation that has no deterministic form raises torch's RuntimeError,
    which names it; by torch's list of them, no network of the registry has one.

    Args:
        threads: number of torch threads.
        device_name: the device of training and evaluation, one of `DEVICES`.
        tf32: whether a GPU may round the factors of products and convolutions in float32 to 10 bits (TF32). The bounds
            of the checks hold without it.

    Raises:
        ValueError: the device does not exist.
        RuntimeError: CUBLAS_WORKSPACE_CONFIG has a value with which a GPU does not repeat its results.
    """
    name = chosen_device(device_name)
    if name == "cuda":
        _make_deterministic(tf32)
    _DEVICE[:] = [torch.device(name)]
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


def card_bytes() -> int | None:
    """Return the total memory of the GPU that this process uses; None on the CPU.

    It decides how evaluation sets are divided. With the free memory, last bits would depend on other programs.
    """
    if device().type != "cuda":
        return None
    return int(torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory)


def available_bytes() -> int:
    """Return the free memory of the device: of the machine, with the cache of files that the system would give up.

    On a GPU, with what torch holds in reserve.
    """
    if device().type == "cuda":
        reserve = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
        return int(torch.cuda.mem_get_info()[0]) + reserve
    with suppress(OSError, StopIteration), open("/proc/meminfo", encoding="ascii") as lines:  # Linux
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _make_deterministic(tf32: bool) -> None:
    """Let CUDA repeat its results bit by bit, and set the precision of products in float32."""
    # cuBLAS reads the variable once, with the first product
    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        os.environ.setdefault(_WORKSPACE, DETERMINISTIC_WORKSPACES[0])
    if (workspace := os.environ.get(_WORKSPACE, "not set")) not in DETERMINISTIC_WORKSPACES:
        raise RuntimeError(
            f"{_WORKSPACE} is {workspace}, and CUDA repeats its results only with one of "
            f"{', '.join(DETERMINISTIC_WORKSPACES)}; set it so before this process uses CUDA"
        )
    torch.use_deterministic_algorithms(True)
    # nothing here reads uninitialized memory
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False  # it would choose algorithms by their time
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32  # on by default


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


def _card() -> dict[str, str]:
    return {
        "card": torch.cuda.get_device_name(),
        "CUDA": str(torch.version.cuda),
        "cuDNN": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
        "TF32": "on" if torch.backends.cudnn.allow_tf32 else "off",
    }


_DEVICE = [torch.device("cpu")]

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""From glibc's malloc.h."""
