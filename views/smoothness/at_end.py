"""Which of two networks is flatter at the end of training, as Surfaces says it: the way there may say the opposite."""

from __future__ import annotations

from normscape.specs.experiment import Variants
from normscape.views.session.seeds import KINDS, stored_ratio, stored_seed_ratios
from normscape.views.smoothness.summary import Sign
from normscape.views.texts.flatness import Flatness, signs, where


def flatter_at_end(variants: Variants) -> Sign:
    """Return -1 if the second of two networks is flatter at the trained weights, and 1 if the first one is.

    None if the numbers are not available, say different things or are about equal. Nothing is computed.

    Args:
        variants: the compared networks, with the weights that Surfaces shows.
    """
    if len(variants) != 2 or where(variants) != "at the trained weights":
        return None
    reference, label = variants
    seeds = stored_seed_ratios(variants, label, reference)
    ratios = [one.mean for one in seeds] if seeds else [stored_ratio(variants, label, reference, one) for one in KINDS]
    found = signs(Flatness(*ratios), Flatness(1.0, 1.0))
    return None if None in ratios else -1 if found in ({-1}, {0, -1}) else 1 if found in ({1}, {0, 1}) else None
