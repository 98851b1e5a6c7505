"""The settings of jobs: environment variables, read when they are needed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from normscape.landscape import data_folder
from normscape.landscape.runtime import chosen_device

SHIPPED = Path(__file__).parent.parent / "gallery" / "results"
"""Results of the default experiment and of the gallery, made by `make gallery`."""


@dataclass(frozen=True)
class Settings:
    """Where results are stored and where jobs run."""

    home: Path  # NORMSCAPE_HOME: the folder of the store
    store_bytes: int  # NORMSCAPE_STORE_GIB
    workers: int  # NORMSCAPE_WORKERS: processes on this machine, each with one thread; one on a GPU
    scheduler: str | None  # NORMSCAPE_SCHEDULER: address of a running Dask scheduler, in place of a local cluster
    tls: tuple[str, str, str] | None  # NORMSCAPE_TLS_CA, NORMSCAPE_TLS_CERT, NORMSCAPE_TLS_KEY: files
    shipped: Path | None = None  # results that ship with the product
    training_threads: int = 1  # NORMSCAPE_TRAINING_THREADS: shared by the trainings that run side by side
    device: str = "cpu"  # NORMSCAPE_DEVICE: "cpu" or "cuda", of the workers on this machine


def settings() -> Settings:
    """Return the current settings.

    Raises:
        ValueError: a number is not positive, the device is unknown or not available, or only some of the TLS files are
            set; the message names the variable.
    """
    home = os.environ.get("NORMSCAPE_HOME")
    tls = tuple(os.environ.get(f"NORMSCAPE_TLS_{name}", "") for name in ("CA", "CERT", "KEY"))
    if any(tls) and not all(tls):
        raise ValueError("NORMSCAPE_TLS_CA, NORMSCAPE_TLS_CERT and NORMSCAPE_TLS_KEY belong together: set all or none")
    scheduler = os.environ.get("NORMSCAPE_SCHEDULER")
    device = "cpu" if scheduler else local_device()  # workers elsewhere say themselves whether they have a GPU
    # pieces that share a GPU would share its memory, and one piece fills it
    workers = int(number("NORMSCAPE_WORKERS", os.cpu_count() or 1)) if device == "cpu" else 1
    return Settings(
        home=Path(home) if home else data_folder() / "store",
        store_bytes=int(number("NORMSCAPE_STORE_GIB", 5.0) * 2**30),
        workers=workers,
        scheduler=scheduler or None,
        tls=(tls[0], tls[1], tls[2]) if all(tls) else None,
        shipped=SHIPPED,
        # the cores of other machines are unknown
        training_threads=int(number("NORMSCAPE_TRAINING_THREADS", 1 if scheduler else workers)),
        device=device,
    )


def local_device() -> str:
    """Return the device of the workers on this machine: "cpu" or "cuda".

    Raises:
        ValueError: NORMSCAPE_DEVICE is unknown, or is "cuda" and torch sees no GPU.
    """
    try:
        return chosen_device(os.environ.get("NORMSCAPE_DEVICE") or "auto")
    except ValueError as error:
        raise ValueError(f"NORMSCAPE_DEVICE: {error}") from None


def number(name: str, default: float) -> float:
    """Return a positive number from an environment variable.

    Raises:
        ValueError: the value is not a positive number.
    """
    text = os.environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise ValueError(f"{name} is {text!r}; it must be a number above 0")
    return value
