"""A cache of a fixed size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class LRUCache(Generic[Value]):
    """The most recently used values, by key; any thread may use it."""

    def __init__(self, capacity: int) -> None:
        """Start empty.

        Args:
            capacity: number of values that are kept.
        """
        self._capacity = capacity
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return the value of a key, None if it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value, and evict the least recently used above the capacity."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._capacity:
                self._values.popitem(last=False)

    def get_or_create(self, key: Hashable, create: Callable[[], Value]) -> Value:
        """Return the value of a key; one that is not kept is created."""
        if (value := self.get(key)) is None:
            value = create()
        self.put(key, value)
        return value

    def discard(self, key: Hashable) -> None:
        """Remove a key if it is kept."""
        with self._lock:
            self._values.pop(key, None)

    def clear(self) -> None:
        """Remove all keys."""
        with self._lock:
            self._values.clear()
