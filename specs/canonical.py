"""The canonical form of a spec: equal specs, and only those, have equal bytes and equal hashes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any


def canonical_bytes(spec: Any) -> bytes:
    """Write a spec as JSON in one form only: sorted keys, no spaces, shortest exact floats, the spec's own name."""
    document = {"spec": type(spec).__name__, **dataclasses.asdict(spec)}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def spec_hash(spec: Any) -> str:
    """Return the SHA-256 of a spec's canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical_bytes(spec)).hexdigest()
