"""Which fields of a `ModelSpec` have no effect, and the spec without them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from normscape.models.architectures import ARCHITECTURES
from normscape.models.normalizations import NORMALIZATIONS
from normscape.models.registry import entry
from normscape.specs import ModelSpec


def idle_fields(spec: ModelSpec) -> Mapping[str, str]:
    """Return the fields that have no effect on the network, each with the reason.

    Raises:
        ValueError: the architecture or the normalization is not registered.
    """
    architecture = entry(ARCHITECTURES, spec.architecture, "architecture")
    normalization = entry(NORMALIZATIONS, spec.norm, "normalization")
    return {**normalization.idle, **architecture.idle}


def effective_spec(spec: ModelSpec) -> ModelSpec:
    """Return the spec of the same network with its idle fields at their defaults.

    A depth or width that is the architecture's own becomes None. Specs with equal effective specs build equal
    networks, so they can share results.

    Raises:
        ValueError: as `idle_fields`.
    """
    idle = idle_fields(spec)
    defaults: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(spec) if field.name in idle}
    own = ARCHITECTURES[spec.architecture].size
    if spec.depth == own.depth:
        defaults["depth"] = None
    if spec.width == own.width:
        defaults["width"] = None
    return dataclasses.replace(spec, **defaults)
