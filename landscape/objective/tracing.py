"""The graph of a network's calls, recorded while other threads use networks of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from torch import fx, nn
from torch.nn.modules.batchnorm import _NormBase

_LOCK = threading.Lock()
"""torch.fx replaces `nn.Module.__call__` for the whole process while it records."""


def traced(network: nn.Module) -> fx.Graph | None:
    """Return the graph of a network's calls, with its layers as nodes; None if its control flow cannot be traced."""
    with _LOCK:
        try:
            return _Tracer().trace(network)
        except Exception:  # whatever a network's own code raises when it gets symbols in place of numbers
            return None


class _Tracer(fx.Tracer):
    """Records the calls of one thread; kinds of batch normalization are nodes, also those that torch does not have."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, _NormBase) or super().is_leaf_module(m, module_qualified_name)
