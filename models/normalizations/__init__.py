"""Normalizations of activations and weights."""

from normscape.models.normalizations.normalization import Normalization, UndefinedNormError
from normscape.models.normalizations.registry import MAX_GROUPS, NORMALIZATIONS, group_count

__all__ = ["MAX_GROUPS", "NORMALIZATIONS", "Normalization", "UndefinedNormError", "group_count"]
