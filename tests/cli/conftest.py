"""What the tests of commands share."""

from collections.abc import Iterator

import pytest

from normscape.models import own
from normscape.models.architectures import ARCHITECTURES


@pytest.fixture
def _no_own_networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the own networks that a test registers."""
    monkeypatch.setenv(own.SETTING, "")
    before = set(own._sources)
    yield
    for name in set(own._sources) - before:
        del ARCHITECTURES[name], own._sources[name]
    own._listed, own._is_read = (), False
