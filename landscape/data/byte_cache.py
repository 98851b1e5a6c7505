"""A cache whose size is counted in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """The most recently used values, by key; any thread may use it.

    The last value stays whatever its size. The others are dropped, the least recently used first, before a new value is
    created, so that large values are never held side by side.
    """

    def __init__(self, most: int, size_of: Callable[[Value], int]) -> None:
        """Start empty.

        Args:
            most: bytes that are kept besides the value that is created last.
            size_of: the bytes of a value, which may grow after it was created.
        """
        self._most, self._size_of = most, size_of
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get_or_create(self, key: Hashable, create: Callable[[], Value]) -> Value:
        """Return the value of a key; one that is not kept is created."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            while self._bytes > self._most:
                self._values.popitem(last=False)
        value = create()
        with self._lock:
            self._values[key] = value
        return value

    @property
    def nbytes(self) -> int:
        """The bytes of all values."""
        with self._lock:
            return self._bytes

    @property
    def _bytes(self) -> int:
        return sum(map(self._size_of, self._values.values()))

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._values.clear()
