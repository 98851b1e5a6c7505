"""Whether the app serves the public: visitors then change nothing of others, and see nothing of the machine."""

from __future__ import annotations

import os

SETTING = "NORMSCAPE_PUBLIC"


def is_public() -> bool:
    """Return whether `NORMSCAPE_PUBLIC` is 1.

    Raises:
        ValueError: it is neither 0 nor 1.
    """
    value = os.environ.get(SETTING) or "0"
    if value not in ("0", "1"):
        raise ValueError(f"{SETTING} is {value!r}; it must be 0 or 1")
    return value == "1"
