"""A job: one question about one network, and its name in the store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from normscape.specs import RunSpec, SurfaceSpec, canonical_bytes

SCHEMA = 1
"""Part of every key: with another meaning of what is stored it becomes another number, and nothing old is found."""


@dataclass(frozen=True)
class Job:
    """What kind of thing is asked, of which run, and where on its loss."""

    kind: str  # a key of `KINDS`
    run: RunSpec
    surface: SurfaceSpec | None = None

    @cached_property  # the queue asks for it many times a second
    def key(self) -> str:
        """The SHA-256 of the schema's version and of the job's canonical bytes."""
        return hashlib.sha256(b"normscape %d\n" % SCHEMA + canonical_bytes(self)).hexdigest()
