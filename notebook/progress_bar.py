"""A progress bar of tqdm, if that is installed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from normscape.landscape.measurement import Progress


def progress_bar(label: str, wanted: bool) -> AbstractContextManager[Progress | None]:
    """Return a progress bar as a context whose value reports (pieces done, total pieces)."""
    if not wanted:
        return nullcontext(None)
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return nullcontext(None)
    return _Bar(tqdm(desc=label))


class _Bar(AbstractContextManager[Progress | None]):
    """A bar of tqdm, closed at the end."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar

    def __enter__(self) -> Progress:
        def report(done: int, total: int) -> None:
            self.bar.total = total
            self.bar.update(done - self.bar.n)

        return report

    def __exit__(self, *_: object) -> None:
        self.bar.close()
