"""Normalizations of activations and weights."""

from normscape.models.normalizations.normalization import Normalization
from normscape.models.normalizations.registry import MAX_GROUPS, NORMALIZATIONS, group_count

__all__ = ["MAX_GROUPS", "NORMALIZATIONS", "Normalization", "group_count"]
