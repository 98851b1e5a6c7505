"""Results that are kept while the server runs, shared by all its browser sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

Found = TypeVar("Found")

KEPT = 200
"""Results kept in memory; a surface of 25 x 25 points with its plane takes about a megabyte."""


class Memory:
    """Results by what was asked, the least recently used forgotten first.

    Safe for several browser sessions: what two of them ask for at the same time is made once.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._results

    def get(self, key: Hashable, make: Callable[[], Found]) -> Found:
        """Return the result of a key; make it if there is none."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            if key not in self._results:
                result = make()
                with self._lock:
                    self._results[key] = result
            with self._lock:
                self._making.pop(key, None)
                self._results.move_to_end(key)
                while len(self._results) > KEPT:
                    self._results.popitem(last=False)
                return self._results[key]  # type: ignore[no-any-return]


@st.cache_resource
def memory() -> Memory:
    """Return the memory of this server process."""
    return Memory()
