"""The canonical form of a spec: equal specs, and only those, have equal bytes and equal hashes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from normscape.specs.fields import types_of
from normscape.specs.serialization.legacy import current_document

Spec = TypeVar("Spec")


def canonical_bytes(spec: Any) -> bytes:
    """Write a spec as JSON in one form only: sorted keys, no spaces, shortest exact floats, the spec's own name."""
    document = {"spec": type(spec).__name__, **_document(spec)}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def spec_hash(spec: Any) -> str:
    """Return the SHA-256 of a spec's canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical_bytes(spec)).hexdigest()


def from_canonical(kind: type[Spec], written: bytes | str) -> Spec:
    """Read a spec from its canonical bytes; it is checked as it is on construction.

    Raises:
        ValueError: the bytes are no JSON, of another kind of spec, or name fields that there are not.
        TypeError: a value is not of its field's type.
    """
    document = json.loads(written)
    if not isinstance(document, dict) or document.pop("spec", None) != kind.__name__:
        raise ValueError(f"this is not the canonical form of a {kind.__name__}: {written[:80]!r}")
    return _built(kind, current_document(document) if kind.__name__ in ("Experiment", "Display") else document)


def _document(value: Any) -> Any:
    """Return a spec as values of JSON, without later fields at their default."""
    if dataclasses.is_dataclass(value):
        pairs = {field: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {field.name: _document(item) for field, item in pairs.items() if not _omitted(field, item)}
    return [_document(item) for item in value] if isinstance(value, tuple) else value


def _omitted(field: dataclasses.Field[Any], value: Any) -> bool:
    rule = field.metadata.get("rule")
    return rule is not None and rule.later and value == field.default


def _built(kind: type[Spec], values: Mapping[str, Any]) -> Spec:
    hints = types_of(kind)
    unknown = [name for name in values if name not in hints]
    if unknown:
        raise ValueError(f"{kind.__name__} has no field {', '.join(unknown)}")
    return kind(**{name: _value(hints[name], value) for name, value in values.items()})


def _value(hint: Any, value: Any) -> Any:
    options = [kind for kind in (hint, *getattr(hint, "__args__", ())) if dataclasses.is_dataclass(kind)]
    if options and isinstance(value, dict):
        return _built(options[0], value)  # type: ignore[arg-type]
    inner = options[0] if options else None
    return tuple(_value(inner, item) for item in value) if isinstance(value, list) else value
