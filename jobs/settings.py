"""The settings of long work, all from the environment, read when they are needed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from normscape.landscape import data_folder


@dataclass(frozen=True)
class Settings:
    """Where results are kept, and where work is done.

    Raises:
        ValueError: a number is none, or is not positive; the message has its name.
    """

    home: Path  # NORMSCAPE_HOME: the store's folder
    store_bytes: int  # NORMSCAPE_STORE_GIB
    workers: int  # NORMSCAPE_WORKERS: processes on this machine, each with one thread
    scheduler: str | None  # NORMSCAPE_SCHEDULER: the address of a scheduler that runs already, in place of the above
    tls: tuple[str, str, str] | None  # NORMSCAPE_TLS_CA, NORMSCAPE_TLS_CERT, NORMSCAPE_TLS_KEY: files


def settings() -> Settings:
    """Return what the environment says now."""
    home = os.environ.get("NORMSCAPE_HOME")
    tls = tuple(os.environ.get(f"NORMSCAPE_TLS_{name}", "") for name in ("CA", "CERT", "KEY"))
    if any(tls) and not all(tls):
        raise ValueError("NORMSCAPE_TLS_CA, NORMSCAPE_TLS_CERT and NORMSCAPE_TLS_KEY belong together: set all or none")
    return Settings(
        home=Path(home) if home else data_folder() / "store",
        store_bytes=int(number("NORMSCAPE_STORE_GIB", 5.0) * 2**30),
        workers=int(number("NORMSCAPE_WORKERS", os.cpu_count() or 1)),
        scheduler=os.environ.get("NORMSCAPE_SCHEDULER") or None,
        tls=(tls[0], tls[1], tls[2]) if all(tls) else None,
    )


def number(name: str, default: float) -> float:
    """Return a positive number from the environment.

    Raises:
        ValueError: what is there is none.
    """
    written = os.environ.get(name) or str(default)
    try:
        value = float(written)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise ValueError(f"{name} is {written!r}; it must be a number above 0")
    return value
